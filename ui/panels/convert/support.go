package convert

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"fyne.io/fyne/v2"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
)

// allOfThem is said where there is nothing to remark.
const allOfThem = "all layers can be converted"

// supportText is one line about what a target would do with a model that it
// takes.
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
	if len(parts) == 0 {
		return allOfThem
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
		{"int8", "in 8 bits"}, {"fused", "fused"}, {"int8 weights", "with 8-bit weights"}, {"float", "in float"},
	} {
		if n[c.in] == 0 {
			continue
		}
		count := fmt.Sprint(n[c.in])
		if len(parts) == 0 {
			count += " " + plural(n[c.in], "layer", "layers")
		}
		parts = append(parts, count+" "+c.text)
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
