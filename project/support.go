package project

import (
	"context"
	"fmt"
	"sync"

	"slipway/conversion/plan"
)

// supports remembers what was found out about the open model, as it takes a run
// of all passes for each target.
type supports struct {
	mu   sync.Mutex
	key  string
	done map[string]*plan.Support
}

// Support says what the targets would do with the open model under the present
// recipe: what does not convert, what decomposes, what is slow, and, for int8,
// what each layer will compute in. It takes a while the first time: call it away
// from the window's goroutine. No model: ErrNoModel.
func (s *Studio) Support(ctx context.Context, targets []string) ([]plan.Support, error) {
	s.mu.Lock()
	model := s.model
	s.mu.Unlock()
	if model == nil {
		return nil, ErrNoModel
	}
	if s.env.Support == nil {
		return nil, fmt.Errorf("project: nothing here can look at targets")
	}
	r := s.Recipe()
	q := plan.Wanted{Precision: r.Precision, KeepFloat: r.Quantize.KeepFloat, Ranges: r.Profile}
	c := &s.supports
	c.mu.Lock()
	defer c.mu.Unlock()
	if key := fmt.Sprintf("%p %v %v", model, q, r.InputShapes); key != c.key {
		c.key, c.done = key, map[string]*plan.Support{}
	}
	var missing []string
	for _, t := range targets {
		if c.done[t] == nil {
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 {
		found, err := s.env.Support(ctx, model, missing, r.InputShapes, q)
		if err != nil {
			return nil, err
		}
		for i := range found {
			c.done[found[i].Target] = &found[i]
		}
	}
	var out []plan.Support
	for _, t := range targets {
		out = append(out, *c.done[t])
	}
	return out, nil
}
