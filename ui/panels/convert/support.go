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
	if n := len(s.Decomposed); n > 0 {
		parts = append(parts, fmt.Sprintf("%d %s written in simpler operators", n, plural(n, "layer", "layers")))
	}
	if n := len(s.Slow); n > 0 {
		parts = append(parts, fmt.Sprintf("%d off the fast path", n))
	}
	if text := bitsText(s); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, " · ")
}

// bitsText counts what the layers would compute in; "" where int8 was not asked
// for.
func bitsText(s *plan.Support) string {
	if s.Precision != "int8" || len(s.Layers) == 0 {
		return ""
	}
	n := map[string]int{}
	for _, l := range s.Layers {
		n[l.In]++
	}
	var parts []string
	for _, c := range []struct{ in, text string }{
		{"int8", "%d in 8 bits"}, {"fused", "%d fused"}, {"int8 weights", "%d with 8-bit weights"}, {"float", "%d in float"},
	} {
		if n[c.in] > 0 {
			parts = append(parts, fmt.Sprintf(c.text, n[c.in]))
		}
	}
	return strings.Join(parts, ", ")
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
	if text := bitsText(s); text != "" {
		out = append(out, diag.Infof("target.bits", "%s", text))
	}
	why := map[string]*diag.Finding{}
	for _, l := range s.Layers {
		if l.In != "float" {
			continue
		}
		text := "stays in float"
		if l.Why != "" {
			text += ": " + l.Why
		}
		f := why[text]
		if f == nil {
			f = diag.Infof("target.float", "%s", text)
			why[text] = f
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
