package convert

import (
	"context"
	"maps"

	"fyne.io/fyne/v2"

	"slipway/conversion/plan"
)

// look finds out, away from the UI goroutine, what the targets would do.
func (p *Panel) look() {
	select {
	case p.looking <- struct{}{}:
	default: // one look is waiting already
	}
}

// forget drops what was found out about another model or recipe.
func (p *Panel) forget() { p.support, p.asked = nil, true }

// lookAgain is the goroutine behind look. What is known of a target is shown
// before the next one is asked: a large model takes seconds.
func (p *Panel) lookAgain() {
	for range p.looking {
		found := map[string]*plan.Support{}
		for _, c := range p.needs.Targets() {
			if !c.Enabled {
				continue
			}
			l, err := p.needs.Support(context.Background(), []string{c.Info.Name})
			if err != nil || len(l) == 0 {
				continue // the conversion will say why
			}
			found[c.Info.Name] = &l[0]
			if len(p.looking) > 0 {
				break // of another model or recipe by now
			}
			now := maps.Clone(found)
			fyne.Do(func() { p.support = now; p.reloadTargets() })
		}
		last := len(p.looking) == 0
		fyne.Do(func() {
			if last {
				p.support, p.asked = found, false
				p.reloadTargets()
			}
		})
	}
}
