package quantize

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// wide answers out of order and counts who is inside.
type wide struct {
	lanes        int
	inside, most atomic.Int32
	failAt       float32
	here         [10]chan struct{} // closed when the input has come
	closed       bool
	afterClose   atomic.Bool
}

var errLane = errors.New("lane")

func (w *wide) Open(context.Context, *ir.Graph) (Running, error) { return w, nil }
func (w *wide) Lanes() int                                       { return w.lanes }
func (w *wide) Close() error                                     { w.closed = true; return nil }

func (w *wide) Run(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if w.closed {
		w.afterClose.Store(true)
	}
	if n := w.inside.Add(1); n > w.most.Load() {
		w.most.Store(n)
	}
	defer w.inside.Add(-1)
	x := in[0].Float32s()[0]
	if w.failAt != 0 && x == w.failAt {
		return nil, errLane
	}
	// Every second run, but for the last, waits until the one after it is here.
	i := int(x)
	close(w.here[i])
	if w.lanes > 1 && i%2 == 0 && i < 8 {
		select {
		case <-w.here[i+1]:
		case <-ctx.Done():
		}
	}
	return in, nil
}

func newWide(lanes int) *wide {
	w := &wide{lanes: lanes}
	for i := range w.here {
		w.here[i] = make(chan struct{})
	}
	return w
}

func TestLanesAnswerInOrder(t *testing.T) {
	inputs := func(yield func([]*tensor.Tensor, error) bool) {
		for i := range 10 {
			if !yield([]*tensor.Tensor{tensor.Of([]float32{float32(i)}, 1)}, nil) {
				return
			}
		}
	}
	for _, lanes := range []int{1, 2} {
		w := newWide(lanes)
		c := &collector{stats: map[string]*Stats{}}
		var got []float32
		err := c.pass(t.Context(), w, nil, (newFeed(inputs, 0)).next(9), func(out []*tensor.Tensor) error {
			got = append(got, out[0].Float32s()[0])
			return nil
		})
		if err != nil || len(got) != 9 || c.done != 9 || int(w.most.Load()) > lanes || !w.closed {
			t.Errorf("%d lanes: %v, %d done, %d at once", lanes, err, c.done, w.most.Load())
		}
		for i, x := range got {
			if x != float32(i) {
				t.Errorf("%d lanes: answer %d is of input %v", lanes, i, x)
			}
		}
	}
}

func TestLanesEndOnErrors(t *testing.T) {
	broken, stop := errors.New("broken"), errors.New("stop")
	inputs := func(yield func([]*tensor.Tensor, error) bool) {
		for i := range 5 {
			if !yield([]*tensor.Tensor{tensor.Of([]float32{float32(2*i + 1)}, 1)}, nil) {
				return
			}
		}
		yield(nil, broken)
	}
	keep := func([]*tensor.Tensor) error { return nil }
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		fail float32
		take func([]*tensor.Tensor) error
		want error
	}{
		{t.Context(), 5, keep, errLane},
		{t.Context(), 0, keep, broken},
		{t.Context(), 0, func([]*tensor.Tensor) error { return stop }, stop},
		{ended, 0, keep, context.Canceled},
	} {
		w := newWide(2)
		w.failAt = c.fail
		err := (&collector{stats: map[string]*Stats{}}).pass(c.ctx, w, nil, inputs, c.take)
		if !errors.Is(err, c.want) || !w.closed || w.afterClose.Load() || w.inside.Load() != 0 {
			t.Errorf("%v instead of %v; closed %v, %d inside", err, c.want, w.closed, w.inside.Load())
		}
	}
}
