//go:build !headless && unix

package main

import (
	"os"
	"os/signal"
	"syscall"

	"fyne.io/fyne/v2"

	"slipway/ui"
)

// tellPlaces answers SIGUSR1, where the trace is on, with what can be pressed in
// the window: lines "place KIND X Y W H DISABLED TEXT", ended by "places".
func (t *tracer) tellPlaces(u *ui.UI) {
	if t == nil {
		return
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			fyne.Do(func() {
				for _, p := range u.Places() {
					t.say("place %s %d %d %d %d %t %s", p.Kind, p.X, p.Y, p.W, p.H, p.Disabled, p.Text)
				}
				t.say("places")
			})
		}
	}()
}
