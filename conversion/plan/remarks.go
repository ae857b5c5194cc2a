package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"slipway/conversion/diag"
)

// Everything is what Brief says where there is nothing to remark.
const Everything = "all layers can be converted"

// Merged are the layers once each, in order: one of several operators is integer
// where one of them is.
func (s *Support) Merged() []Runs {
	at := map[string]int{}
	var out []Runs
	for _, l := range s.Layers {
		i, ok := at[l.Layer]
		if !ok {
			at[l.Layer] = len(out)
			out = append(out, l)
		} else if out[i].In == "float" && l.In != "float" {
			out[i].In, out[i].Why = l.In, l.Why
		}
	}
	return out
}

// Brief is one line about what the target would do with the model, or why it
// refuses it.
func (s *Support) Brief() string {
	if !s.OK {
		e := s.Findings.Errors()
		if len(e) == 0 {
			return "cannot be converted"
		}
		text := "cannot be converted: " + e[0].Text
		if n := len(e) - 1; n > 0 {
			text += fmt.Sprintf(", and %s", counted(n, "more reason", "more reasons"))
		}
		return text
	}
	var parts []string
	if n := len(s.Decomposed); n > 0 {
		parts = append(parts, counted(n, "layer", "layers")+" written in simpler operators")
	}
	slow := map[string]bool{} // a layer may be several operators there
	for _, l := range s.Slow {
		slow[l.Layer] = true
	}
	if n := len(slow); n > 0 {
		parts = append(parts, fmt.Sprintf("%d off the fast path", n))
	}
	if text := s.bits(); text != "" {
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return Everything
	}
	return strings.Join(parts, " · ")
}

// bits counts what the layers would compute in; "" where int8 was not asked for.
func (s *Support) bits() string {
	if s.Precision != "int8" || len(s.Layers) == 0 {
		return ""
	}
	n := map[string]int{}
	for _, l := range s.Merged() {
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
			count = counted(n[c.in], "layer", "layers")
		}
		parts = append(parts, count+" "+c.text)
	}
	return strings.Join(parts, ", ")
}

// Remarks is all that was found out, layers of which the same is said together:
// what is decomposed into what, what is slow, and what stays in float, each with
// the reason that most layers have first.
func (s *Support) Remarks() diag.List {
	out := append(diag.List{}, s.Findings...)
	for _, say := range []func(func(layer string, f *diag.Finding)){
		func(say func(string, *diag.Finding)) {
			for _, d := range s.Decomposed {
				say(d.Layer, diag.Infof("target.decomposed", "%s becomes %s", d.Op, listed(d.Into)))
			}
		},
		func(say func(string, *diag.Finding)) {
			for _, l := range s.Slow {
				why := l.Why
				if !strings.HasPrefix(why, "it ") && !strings.HasPrefix(why, "its ") {
					why = "it " + why
				}
				say(l.Layer, diag.Warnf("target.slow", "%s leaves the fast path: %s", l.Op, why))
			}
		},
		func(say func(string, *diag.Finding)) {
			for _, l := range s.Merged() {
				switch {
				case l.In == "float" && l.Why != "":
					say(l.Layer, diag.Infof("target.float", "stays in float: %s", l.Why))
				case l.In == "float":
					say(l.Layer, diag.Infof("target.float", "stays in float"))
				}
			}
		},
	} {
		out = append(out, together(say)...)
	}
	if s.Remark != "" {
		out = append(out, diag.Infof("target.speed", "%s", s.Remark))
	}
	return out
}

// together joins findings of the same text, the one with most layers first.
func together(each func(say func(layer string, f *diag.Finding))) diag.List {
	var out diag.List
	said := map[string]*diag.Finding{}
	each(func(layer string, f *diag.Finding) {
		if said[f.Text] == nil {
			said[f.Text] = f
			out = append(out, f)
		}
		if f = said[f.Text]; !slices.Contains(f.Layers, layer) {
			f.Layers = append(f.Layers, layer)
		}
	})
	slices.SortStableFunc(out, func(a, b *diag.Finding) int { return cmp.Compare(len(b.Layers), len(a.Layers)) })
	return out
}

// listed counts what stands several times in a row: "3 Mul, Add".
func listed(ops []string) string {
	var parts []string
	for i := 0; i < len(ops); {
		n := 1
		for i+n < len(ops) && ops[i+n] == ops[i] {
			n++
		}
		if n > 1 {
			parts = append(parts, fmt.Sprintf("%d %s", n, ops[i]))
		} else {
			parts = append(parts, ops[i])
		}
		i += n
	}
	return strings.Join(parts, ", ")
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
