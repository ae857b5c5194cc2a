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

// supportFindings puts all that was found out into the form of a report, layers
// of which the same is said together.
func supportFindings(s *plan.Support) diag.List {
	out := append(diag.List{}, s.Findings...)
	said := map[string]*diag.Finding{}
	say := func(layer string, f *diag.Finding) {
		key := f.Code + " " + f.Text
		if said[key] == nil {
			said[key] = f
			out = append(out, f)
		}
		said[key].Layers = append(said[key].Layers, layer)
	}
	for _, d := range s.Decomposed {
		say(d.Layer, diag.Infof("target.decomposed", "%s becomes %s", d.Op, strings.Join(d.Into, ", ")))
	}
	for _, l := range s.Slow {
		say(l.Layer, diag.Warnf("target.slow", "%s leaves the fast path: it %s", l.Op, strings.TrimPrefix(l.Why, "it ")))
	}
	if text := bitsText(s); text != "" {
		out = append(out, diag.Infof("target.bits", "%s", text))
	}
	for _, l := range s.Layers {
		switch {
		case l.In == "float" && l.Why != "":
			say(l.Layer, diag.Infof("target.float", "stays in float: %s", l.Why))
		case l.In == "float":
			say(l.Layer, diag.Infof("target.float", "stays in float"))
		}
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
