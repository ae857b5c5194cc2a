package convert

import (
	"context"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
)

// supportText is one line about what a target would do with the model; "" where
// there is nothing to say.
func supportText(s *plan.Support) string {
	var parts []string
	if e := len(s.Findings.Errors()); e > 0 {
		parts = append(parts, fmt.Sprintf("cannot be converted: %d %s", e, plural(e, "reason", "reasons")))
	}
	if n := len(s.Decomposed); n > 0 {
		parts = append(parts, fmt.Sprintf("%d %s written in simpler operators", n, plural(n, "layer", "layers")))
	}
	if n := len(s.Slow); n > 0 {
		parts = append(parts, fmt.Sprintf("%d off the fast path", n))
	}
	if s.Precision == "int8" && len(s.Layers) > 0 {
		n := 0
		for _, l := range s.Layers {
			if l.In == "int8" || l.In == "int8 weights" {
				n++
			}
		}
		parts = append(parts, fmt.Sprintf("%d of %d layers in 8 bits", n, len(s.Layers)))
	}
	return strings.Join(parts, " · ")
}

// supportFindings puts all that was found out into the form of a report.
func supportFindings(s *plan.Support) diag.List {
	out := append(diag.List{}, s.Findings...)
	into := map[string]*diag.Finding{}
	for _, d := range s.Decomposed {
		text := d.Op + " becomes " + strings.Join(d.Into, ", ")
		f := into[text]
		if f == nil {
			f = diag.Infof("target.decomposed", "%s", text)
			into[text] = f
			out = append(out, f)
		}
		f.Layers = append(f.Layers, d.Layer)
	}
	slow := map[string]*diag.Finding{}
	for _, l := range s.Slow {
		text := l.Op + " leaves the fast path: it " + strings.TrimPrefix(l.Why, "it ")
		f := slow[text]
		if f == nil {
			f = diag.Warnf("target.slow", "%s", text)
			slow[text] = f
			out = append(out, f)
		}
		f.Layers = append(f.Layers, l.Layer)
	}
	if s.Remark != "" {
		out = append(out, diag.Infof("target.speed", "%s", s.Remark))
	}
	return out
}

// look finds out, away from the UI goroutine, what the targets would do.
func (p *Panel) look() {
	select {
	case p.looking <- struct{}{}:
	default: // one look is waiting already
	}
}

// lookAgain is the goroutine behind look.
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
		}
		fyne.Do(func() {
			p.support = found
			p.reloadTargets()
		})
	}
}
