package target

import (
	"fmt"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
)

// Spans of open sizes that nobody gave, by what they mean: the first of an input
// is its batch, two of four are a picture's sides, all others are lengths.
var (
	batches = Span{1, 8, 32}
	sides   = Span{32, 224, 640}
	lengths = Span{1, 128, 512}
)

// Span is how one size may vary.
type Span struct{ Min, Opt, Max int64 }

// Spans gives every symbol in the inputs' shapes a span: from ranges where they
// tell, else an assumed one. The names are in the order in which they appear; a
// symbol of which a range says nothing is in assumed. A range that contradicts
// the model is an error finding.
func Spans(g *ir.Graph, ranges map[string]Range) (spans map[string]Span, names, assumed []string, err error) {
	spans = map[string]Span{}
	given := map[string]bool{}
	for _, v := range g.Inputs {
		r, have := ranges[v.Name]
		if have && !v.Shape.IsStatic() {
			if err := r.check(v); err != nil {
				return nil, nil, nil, err
			}
		}
		for i, d := range v.Shape {
			for _, s := range d.Symbols() {
				if _, seen := spans[s]; !seen {
					names = append(names, s)
					spans[s] = assume(v, i)
				}
				if have && d.Equal(ir.Symbol(s)) {
					x := Span{r.Min[i], r.Opt[i], r.Max[i]}
					if given[s] && x != spans[s] {
						return nil, nil, nil, diag.Errorf("target.range", "size %s of input %q is %d to %d here and %d to %d elsewhere", s, v.Name, x.Min, x.Max, spans[s].Min, spans[s].Max)
					}
					spans[s], given[s] = x, true
				}
			}
		}
	}
	for name := range ranges {
		if !slices.ContainsFunc(g.Inputs, func(v *ir.Value) bool { return v.Name == name }) {
			return nil, nil, nil, diag.Errorf("target.range", "sizes are given for %q, which is no input", name)
		}
	}
	for _, s := range names {
		if !given[s] {
			assumed = append(assumed, s)
		}
	}
	return spans, names, assumed, nil
}

func (r Range) check(v *ir.Value) error {
	bad := func(format string, args ...any) error {
		return diag.Errorf("target.range", "input %q %v: %s", v.Name, v.Shape, fmt.Sprintf(format, args...))
	}
	for _, s := range [][]int64{r.Min, r.Opt, r.Max} {
		if len(s) != v.Rank() {
			return bad("the range %v has another rank", s)
		}
	}
	for i, d := range v.Shape {
		if r.Min[i] < 1 || r.Opt[i] < r.Min[i] || r.Max[i] < r.Opt[i] {
			return bad("sizes %d, %d, %d are no range", r.Min[i], r.Opt[i], r.Max[i])
		}
		if n, ok := d.Int(); ok && (r.Min[i] != n || r.Max[i] != n) {
			return bad("size %d is always %d", i, n)
		}
	}
	return nil
}

func assume(v *ir.Value, axis int) Span {
	s := v.Shape
	switch {
	case axis == 0 && v.Rank() > 1:
		return batches
	case v.Rank() == 4 && (axis >= 2 && s[1].IsStatic() || axis < 3 && s[3].IsStatic()):
		return sides
	}
	return lengths
}

// UnknownRank is why targets refuse a graph that has an input of unknown rank;
// nil where it has none.
func UnknownRank(g *ir.Graph) *diag.Finding {
	for _, v := range g.Inputs {
		if v.Shape == nil && !v.DType.IsContainer() {
			return diag.Errorf("target.rank", "the rank of input %q is not known", v.Name).Suggest("give its shape: --input-shape %s=…", v.Name)
		}
	}
	return nil
}

// FixSizes gives the open sizes of the inputs the value that size names for
// their symbol, and says what it did; "" where nothing was open. Shapes of other
// values have to be inferred again.
func FixSizes(g *ir.Graph, size func(symbol string) int64) (did string, err error) {
	var words []string
	for _, v := range g.Inputs {
		if v.Shape == nil {
			return "", diag.Errorf("target.rank", "the rank of input %q is not known", v.Name).Suggest("give its shape: --input-shape %s=…", v.Name)
		}
		before := v.Shape
		v.Shape = v.Shape.Clone()
		for a, d := range v.Shape {
			n, ok := d.With(size)
			if !ok || n <= 0 {
				return "", diag.Errorf("target.size", "axis %d of input %q is %v", a, v.Name, d).Suggest("fix it: --input-shape %s=…", v.Name)
			}
			v.Shape[a] = ir.Static(n)
		}
		if !before.IsStatic() {
			words = append(words, fmt.Sprintf("%s %v is %v", v.Name, before, v.Shape))
		}
	}
	return strings.Join(words, "; "), nil
}
