package jobs

import (
	"context"
	"errors"
	"slices"
	"testing"

	"slipway/conversion/diag"
)

func wait(t *testing.T, q *Queue, id int64) Status {
	t.Helper()
	s, err := q.Wait(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryEndingHasItsState(t *testing.T) {
	q := NewQueue(1)
	defer q.Close()
	ok := q.Submit("x", "ok", func(_ context.Context, h *Handle) error {
		h.Progress("half", 0.5)
		h.Log("line %d", 1)
		return nil
	})
	bad := q.Submit("x", "bad", func(context.Context, *Handle) error { return diag.Errorf("a.b", "no") })
	boom := q.Submit("x", "boom", func(context.Context, *Handle) error { panic("boom") })
	hang := q.Submit("x", "hang", func(ctx context.Context, _ *Handle) error { <-ctx.Done(); return ctx.Err() })
	never := q.Submit("x", "never", func(context.Context, *Handle) error { return errors.New("must not run") })
	q.Cancel(never)
	if s := wait(t, q, ok); s.State != Done || s.Fraction != 1 || len(s.Log) != 1 {
		t.Errorf("%+v", s)
	}
	if s := wait(t, q, bad); s.State != Failed || s.Findings[0].Code != "a.b" {
		t.Errorf("%+v", s)
	}
	if s := wait(t, q, boom); s.State != Failed || s.Findings[0].Code != "job.panic" {
		t.Errorf("%+v", s)
	}
	q.Cancel(hang)
	if s := wait(t, q, hang); s.State != Cancelled {
		t.Errorf("%+v", s)
	}
	if s := wait(t, q, never); s.State != Cancelled || !s.Started.IsZero() {
		t.Errorf("%+v", s)
	}
	if l := q.List(); len(l) != 5 || l[0].Title != "never" {
		t.Errorf("%+v", l)
	}
}

func TestWidthIsKeptAndListenersHearInOrder(t *testing.T) {
	q := NewQueue(2)
	var heard []State
	q.Listen(func(s Status) {
		if s.ID == 1 {
			heard = append(heard, s.State)
		}
	})
	gate, started := make(chan struct{}), make(chan int, 4)
	for i := range 4 {
		q.Submit("x", "", func(context.Context, *Handle) error { started <- i; <-gate; return nil })
	}
	<-started
	<-started
	select {
	case i := <-started:
		t.Errorf("job %d runs beside two others", i)
	default:
	}
	close(gate)
	for id := int64(1); id <= 4; id++ {
		wait(t, q, id)
	}
	q.Close()
	if len(heard) != 3 || heard[0] != Queued || heard[1] != Running || heard[2] != Done {
		t.Errorf("heard %v", heard)
	}
}

// TestAgain queues a job once more, in place of the one that failed.
func TestAgain(t *testing.T) {
	q := NewQueue(1)
	t.Cleanup(q.Close)
	fail := true
	id := q.Submit("convert", "net", func(context.Context, *Handle) error {
		if fail {
			return errors.New("no")
		}
		return nil
	})
	if st, err := q.Wait(context.Background(), id); err != nil || st.State != Failed {
		t.Fatalf("%v %v", st, err)
	}
	fail = false
	next := q.Again(id)
	if st, err := q.Wait(context.Background(), next); err != nil || st.State != Done || st.Title != "net" || st.Kind != "convert" || len(st.Findings) > 0 {
		t.Fatalf("%+v %v", st, err)
	}
	if l := q.List(); len(l) != 1 || l[0].ID != next {
		t.Errorf("the list holds %+v", l)
	}
	if slices.ContainsFunc([]int64{id, next, 99}, func(i int64) bool { return q.Again(i) != 0 }) {
		t.Error("a job that did not fail was queued again")
	}
	q.Remove(next)
	running := q.Submit("x", "", func(ctx context.Context, _ *Handle) error { <-ctx.Done(); return ctx.Err() })
	q.Remove(running)
	if l := q.List(); len(l) != 1 || l[0].ID != running {
		t.Errorf("the list holds %+v", l)
	}
}
