package history

import "testing"

func TestUndoRedo(t *testing.T) {
	h := New(0, 4)
	for i := 1; i <= 5; i++ {
		h.Do(i)
	}
	for _, want := range []int{4, 3, 2} {
		if !h.Undo() || h.Current() != want {
			t.Fatalf("undo: %d, want %d", h.Current(), want)
		}
	}
	if h.Undo() {
		t.Error("undo beyond the limit")
	}
	if !h.Redo() || h.Current() != 3 {
		t.Errorf("redo: %d", h.Current())
	}
	h.Do(9)
	if h.Redo() || h.Current() != 9 {
		t.Error("a new state must forget what was undone")
	}
	s, at := h.States()
	if r := Restore(s, at, 4); r.Current() != 9 || !r.CanUndo() || r.CanRedo() {
		t.Error("restore lost the place")
	}
}
