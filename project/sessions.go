package project

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"slipway/runtimes"
)

// maxSessions bounds the models kept open between pictures.
const maxSessions = 12

type sessionKey struct {
	variant int64
	runtime string
}

// openSession is one cached session; its mutex serialises runs, as
// runtimes.Session asks.
type openSession struct {
	mu  sync.Mutex
	key sessionKey
	ses runtimes.Session
}

// sessions keeps opened models, least recently used first.
type sessions struct {
	studio *Studio
	mu     sync.Mutex
	open   []*openSession
}

// with runs f on the session of a variant on a runtime, opening it if need be.
// An error of f closes the session, since its worker may be gone.
func (c *sessions) with(ctx context.Context, v *Variant, runtime string, f func(runtimes.Session) error) error {
	o, err := c.get(ctx, v, runtime)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ses == nil {
		return runtimes.ErrStopped
	}
	if err := f(o.ses); err != nil {
		c.forget(o)
		return err
	}
	return nil
}

func (c *sessions) get(ctx context.Context, v *Variant, runtime string) (*openSession, error) {
	key := sessionKey{v.ID, runtime}
	c.mu.Lock()
	for i, o := range c.open {
		if o.key == key {
			c.open = append(slices.Delete(c.open, i, i+1), o)
			c.mu.Unlock()
			return o, nil
		}
	}
	c.mu.Unlock()
	r, err := c.studio.env.Runtimes.Get(runtime)
	if err != nil {
		return nil, err
	}
	ses, err := r.Open(ctx, runtimes.Model{Path: v.Path, Format: v.Format()}, runtimes.Options{})
	if err != nil {
		return nil, fmt.Errorf("%s on %s: %w", v.Title, runtime, err)
	}
	o := &openSession{key: key, ses: ses}
	var old *openSession
	c.mu.Lock()
	c.open = append(c.open, o)
	if len(c.open) > maxSessions {
		old, c.open = c.open[0], slices.Delete(c.open, 0, 1)
	}
	c.mu.Unlock()
	if old != nil {
		old.close()
	}
	return o, nil
}

func (o *openSession) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ses != nil {
		o.ses.Close()
		o.ses = nil
	}
}

// forget removes a session whose mutex is held.
func (c *sessions) forget(o *openSession) {
	c.mu.Lock()
	c.open = slices.DeleteFunc(c.open, func(p *openSession) bool { return p == o })
	c.mu.Unlock()
	o.ses.Close()
	o.ses = nil
}

func (c *sessions) drop(variant int64) {
	c.closeIf(func(k sessionKey) bool { return k.variant == variant })
}

func (c *sessions) closeAll() { c.closeIf(func(sessionKey) bool { return true }) }

func (c *sessions) closeIf(match func(sessionKey) bool) {
	c.mu.Lock()
	var gone []*openSession
	c.open = slices.DeleteFunc(c.open, func(o *openSession) bool {
		if match(o.key) {
			gone = append(gone, o)
			return true
		}
		return false
	})
	c.mu.Unlock()
	for _, o := range gone {
		o.close()
	}
}
