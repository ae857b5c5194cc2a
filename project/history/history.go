package history

// History holds the states of one thing, oldest first, and which one is
// current. It is not safe for concurrent use.
type History[T any] struct {
	states []T
	at     int
	limit  int
}

// New starts a history of at most limit states.
func New[T any](first T, limit int) *History[T] {
	return &History[T]{states: []T{first}, limit: max(limit, 1)}
}

// Restore makes a history from stored states; at is clamped.
func Restore[T any](states []T, at, limit int) *History[T] {
	return &History[T]{states: states, at: min(max(at, 0), len(states)-1), limit: max(limit, 1)}
}

// Current is the state in force.
func (h *History[T]) Current() T { return h.states[h.at] }

// Do makes s current; what had been undone is forgotten.
func (h *History[T]) Do(s T) {
	h.states = append(h.states[:h.at+1:h.at+1], s)
	if len(h.states) > h.limit {
		h.states = h.states[len(h.states)-h.limit:]
	}
	h.at = len(h.states) - 1
}

// Undo goes one state back; false where there is none.
func (h *History[T]) Undo() bool {
	if h.at == 0 {
		return false
	}
	h.at--
	return true
}

// Redo goes one state forward; false where there is none.
func (h *History[T]) Redo() bool {
	if h.at == len(h.states)-1 {
		return false
	}
	h.at++
	return true
}

// CanUndo reports whether Undo would do something.
func (h *History[T]) CanUndo() bool { return h.at > 0 }

// CanRedo reports whether Redo would do something.
func (h *History[T]) CanRedo() bool { return h.at < len(h.states)-1 }

// States returns all states and the index of the current one, for storing.
func (h *History[T]) States() ([]T, int) { return h.states, h.at }
