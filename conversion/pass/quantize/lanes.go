package quantize

import (
	"context"
	"iter"
	"sync"

	"slipway/conversion/tensor"
)

// feed hands out calibration inputs in their order to one graph after the other
// and keeps the first ones. Only one goroutine uses it at a time.
type feed struct {
	draw  func() ([]*tensor.Tensor, error, bool)
	stop  func()
	ahead *answer // drawn and not yet handed out; in out
	ended bool
	keep  int // bytes
	kept  [][]*tensor.Tensor
}

func newFeed(batches Batches, keep int) *feed {
	f := &feed{keep: keep}
	f.draw, f.stop = iter.Pull2(batches)
	return f
}

// more reports whether an input is left.
func (f *feed) more() bool {
	if f.ahead == nil && !f.ended {
		if in, err, ok := f.draw(); ok {
			f.ahead = &answer{in, err}
		} else {
			f.ended = true
		}
	}
	return f.ahead != nil
}

// next yields at most limit further inputs.
func (f *feed) next(limit int) Batches {
	return func(yield func([]*tensor.Tensor, error) bool) {
		for n := 0; n < limit && f.more(); n++ {
			a := f.ahead
			f.ahead = nil
			for _, t := range a.out {
				f.keep -= t.Size()
			}
			if f.keep >= 0 && a.err == nil {
				f.kept = append(f.kept, a.out)
			}
			if !yield(a.out, a.err) {
				return
			}
		}
	}
}

// listed yields inputs that are there already.
func listed(inputs [][]*tensor.Tensor) Batches {
	return func(yield func([]*tensor.Tensor, error) bool) {
		for _, in := range inputs {
			if !yield(in, nil) {
				return
			}
		}
	}
}

type answer struct {
	out []*tensor.Tensor
	err error
}

// answers starts runs ahead of the receiver, so many that s is never called by
// more goroutines than it allows, and sends a channel of one answer for each
// input, in order. The next input is made while the others run. When ctx ends,
// the channel closes early.
func answers(ctx context.Context, s Running, batches Batches, running *sync.WaitGroup) <-chan chan answer {
	lanes := 1
	if w, ok := s.(Wide); ok {
		lanes = max(1, w.Lanes())
	}
	free := make(chan struct{}, lanes)
	all := make(chan chan answer, lanes)
	running.Add(1)
	go func() {
		defer running.Done()
		defer close(all)
		for in, err := range batches {
			a := make(chan answer, 1)
			select {
			case free <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case all <- a:
			case <-ctx.Done():
				return
			}
			if err != nil {
				a <- answer{err: err}
				return
			}
			running.Add(1)
			go func() {
				defer running.Done()
				out, err := s.Run(ctx, in)
				<-free
				a <- answer{out, err}
			}()
		}
	}()
	return all
}
