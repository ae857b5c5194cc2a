package convert

import (
	"context"

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

// lookAgain is the goroutine behind look. All targets are asked at once, as most of
// the work is the same for all.
func (p *Panel) lookAgain() {
	for range p.looking {
		var names []string
		for _, c := range p.needs.Targets() {
			if c.Enabled {
				names = append(names, c.Info.Name)
			}
		}
		found := map[string]*plan.Support{}
		// Of what cannot be asked the conversion will say why.
		if l, err := p.needs.Support(context.Background(), names); err == nil {
			for i := range l {
				found[l[i].Target] = &l[i]
			}
		}
		last := len(p.looking) == 0 // else of another model or recipe by now
		fyne.Do(func() {
			if last {
				p.support, p.asked = found, false
				p.reloadTargets()
			}
		})
	}
}
