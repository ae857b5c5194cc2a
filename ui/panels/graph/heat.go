package graph

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/summary"
	"slipway/project"
	"slipway/ui/graphpaint"
	"slipway/units"
)

// heatChoice is one way to colour the graph: by a number that each layer has.
// value reports false for layers without one.
type heatChoice struct {
	title  string
	lo, hi string // texts at the ends of the scale; "" for 0 and the largest number
	value  func(layer string) (float64, bool)
	format func(float64) string
	linear bool // else by the logarithm: sizes of layers differ by orders of magnitude
}

// heatChoices are the numbers there are now: of the model, of the precision of
// each artefact, of each measurement with times by layer.
func heatChoices(g *ir.Graph, s *summary.Summary, variants []*project.Variant, bench []project.BenchRow) []heatChoice {
	if s == nil {
		return nil
	}
	layers := make(map[string]*summary.Layer, len(s.Layers))
	for i := range s.Layers {
		layers[s.Layers[i].Name] = &s.Layers[i]
	}
	of := func(f func(*summary.Layer) int64) func(string) (float64, bool) {
		return func(name string) (float64, bool) {
			l := layers[name]
			if l == nil || f(l) < 0 {
				return 0, false
			}
			return float64(f(l)), true
		}
	}
	// Weights that pass through a Cast count for the layer that reads them, as the graph draws them.
	stored := map[string]int64{}
	for _, n := range g.Nodes {
		for _, v := range n.Inputs {
			if v != nil && !v.IsConst() {
				if t := constBehind(v); t != nil {
					stored[n.Name] += int64(t.Len())
				}
			}
		}
	}
	count := func(f float64) string { return units.Count(int64(f)) }
	out := []heatChoice{
		{title: "Parameters", value: of(func(l *summary.Layer) int64 { return l.Params + stored[l.Name] }), format: count},
		{title: "MACs", value: of(func(l *summary.Layer) int64 { return l.MACs }), format: count},
	}
	titles := map[int64]string{}
	for _, v := range variants {
		titles[v.ID] = v.Title
		if v.Result == nil || len(v.Result.Precision) == 0 {
			continue
		}
		precision := v.Result.Precision
		out = append(out, heatChoice{title: "Precision: " + v.Title, lo: "8 bits", hi: "32 bits", linear: true, value: func(layer string) (float64, bool) {
			bits, ok := bitsOf(precision[layer])
			return (bits - 8) / 24, ok
		}})
	}
	for _, b := range bench {
		ms := map[string]float64{}
		for _, l := range b.Layers {
			for _, src := range l.SourceLayers {
				ms[src] += l.MS / float64(len(l.SourceLayers))
			}
		}
		if len(ms) == 0 {
			continue // the runtime does not say, or has names of its own for what it ran
		}
		out = append(out, heatChoice{title: fmt.Sprintf("Time: %s, %s", titles[b.Variant], b.Runtime), linear: true, format: units.Milliseconds, value: func(layer string) (float64, bool) {
			t, ok := ms[layer]
			return t, ok
		}})
	}
	return out
}

// bitsOf is the width of an element type by its name in reports.
func bitsOf(dtype string) (float64, bool) {
	switch dtype {
	case "f32", "fp32", "float32", "float":
		return 32, true
	case "f16", "fp16", "float16", "bf16":
		return 16, true
	case "i8", "u8", "int8", "uint8":
		return 8, true
	}
	return 0, false
}

// heatOf is the overlay of a choice on a scene; nil where no layer has a number.
func heatOf(s *graphpaint.Scene, c *heatChoice) *graphpaint.Heat {
	h := &graphpaint.Heat{Title: c.title, Lo: c.lo, Hi: c.hi, Value: make([]float32, len(s.Nodes))}
	top, any := 0.0, false
	raw := make([]float64, len(s.Nodes))
	for i := range s.Nodes {
		v, ok := c.value(s.Nodes[i].ID)
		if !ok {
			raw[i] = math.NaN()
			continue
		}
		raw[i], any, top = v, true, max(top, v)
	}
	if !any {
		return nil
	}
	if c.hi == "" {
		h.Lo, h.Hi = "0", c.format(top)
	} else {
		top = 1
	}
	for i, v := range raw {
		switch {
		case math.IsNaN(v) || top == 0:
			h.Value[i] = float32(math.NaN())
		case c.linear:
			h.Value[i] = float32(v / top)
		default:
			h.Value[i] = float32(math.Log1p(v) / math.Log1p(top))
		}
	}
	if !c.linear {
		h.Title += " (logarithmic)"
	}
	return h
}
