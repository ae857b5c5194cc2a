package coreml

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/schema/mil"
	"slipway/conversion/target"
)

// keepsOpen lists the operators that are written without their sizes, so that
// these may vary.
var keepsOpen = map[string]bool{
	"Relu": true, "Sigmoid": true, "Tanh": true, "LeakyRelu": true, "Elu": true, "HardSigmoid": true, "Clip": true, "Softplus": true,
	"Erf": true, "Exp": true, "Sqrt": true, "Neg": true, "Abs": true, "Gelu": true, "Swish": true, "Softmax": true, "BatchNormalization": true,
	"Add": true, "Sub": true, "Mul": true, "Div": true, "Max": true, "Min": true, "Concat": true, "Transpose": true, "Identity": true,
	"LayerNormalization": true, "ReduceMean": true, "ReduceSum": true, "ReduceMax": true, "ReduceMin": true, "GlobalAveragePool": true, "GlobalMaxPool": true,
	"InstanceNormalization": true, "PRelu": true, "Softsign": true, "Reciprocal": true, "Log": true, "Pow": true, "Floor": true, "Ceil": true, "Round": true,
	"Sin": true, "Cos": true, "Cast": true, "Equal": true, "Greater": true, "Less": true, "GreaterOrEqual": true, "LessOrEqual": true,
	"And": true, "Or": true, "Not": true, "Range": true, "DepthToSpace": true, "SpaceToDepth": true, "Attention": true, "Pad": true,
	"Sum": true, "Mean": true, "ArgMax": true, "ArgMin": true, "ReduceProd": true, "ReduceL1": true, "ReduceL2": true, "ReduceSumSquare": true,
	"ReduceLogSum": true, "ReduceLogSumExp": true, "Sign": true, "Mod": true, "Xor": true, "Tan": true, "Asin": true, "Acos": true, "Atan": true,
	"Sinh": true, "Cosh": true, "Atanh": true, "IsNaN": true, "IsInf": true, "Trilu": true,
}

// bound says why n needs its sizes; "" where it does not.
func bound(g *ir.Graph, n *ir.Node) string {
	if s, ok := spellings[n.Op]; !ok || s.legal != nil && s.legal(n) != "" {
		return n.Op + " is written for one size"
	}
	switch n.Op {
	case "Conv":
		if a := n.Str("auto_pad", "NOTSET"); a == "NOTSET" || a == "VALID" {
			return ""
		}
		return "its padding follows from the size"
	case "MaxPool", "AveragePool":
		if a := n.Str("auto_pad", "NOTSET"); (a == "NOTSET" || a == "VALID") && n.Int("ceil_mode", 0) == 0 && len(n.Outputs) == 1 {
			return ""
		}
		return "its padding follows from the size"
	case "Resize":
		return boundResize(g, n)
	case "Reshape", "Flatten":
		if _, ok := reshaping(g, n.In(0).Shape, n.Out(0).Shape); ok {
			return ""
		}
		return "more than one size of its result follows from no input's"
	case "Squeeze", "Unsqueeze":
		if n.In(1) != nil {
			return ""
		}
		return "the axes follow from the size"
	case "Split":
		if a := axis(n.Int("axis", 0), rank(n, 0)); n.In(0).Shape[a].IsStatic() {
			return ""
		}
		return "it splits an axis of open size"
	case "Gather":
		return boundGather(g, n)
	case "GatherElements":
		if n.In(0).Shape[axis(n.Int("axis", 0), rank(n, 0))].IsStatic() {
			return ""
		}
		return "its indices may count from the end of an open axis"
	case "Slice":
		_, _, why := cuts(g, n)
		return why
	case "Expand":
		return spreads(g, n.In(0).Shape, n.Out(0).Shape)
	case "Where":
		for _, v := range n.Inputs {
			if why := spreads(g, v.Shape, n.Out(0).Shape); why != "" {
				return why
			}
		}
		return ""
	case "ConstantOfShape":
		return spreads(g, nil, n.Out(0).Shape)
	case "Tile":
		if v, ok := contents(n.In(1)); ok && len(v) == n.In(0).Rank() && !slices.ContainsFunc(v, func(d ir.Dim) bool { return !computable(g, d) }) {
			return ""
		}
		return "how often it repeats is computed"
	case "TopK", "CumSum":
		if _, ok := n.In(1).ConstInts(); ok {
			return ""
		}
	case "Gemm":
		if w := n.In(1); fixed(w) && w.Rank() == 2 {
			return ""
		}
		return "both of its operands are computed"
	case "MatMul":
		if rank(n, 0) >= 2 && rank(n, 1) >= 2 {
			return ""
		}
		return "one of its operands is a vector"
	}
	if keepsOpen[n.Op] {
		return ""
	}
	return n.Op + " is written for one size"
}

// fromFront reports whether v is constant indices that count from the front.
func fromFront(v *ir.Value) bool {
	x, ok := v.ConstInts()
	return ok && slices.IndexFunc(x, func(i int64) bool { return i < 0 }) < 0
}

// boundGather: indices that count from the end of an open axis have to be
// constants, which are counted from the front when the program runs.
func boundGather(g *ir.Graph, n *ir.Node) string {
	d := n.In(0).Shape[axis(n.Int("axis", 0), rank(n, 0))]
	if d.IsStatic() || fromFront(n.In(1)) {
		return ""
	}
	if _, ok := n.In(1).ConstInts(); !ok || n.In(1).Rank() > 1 || !computable(g, d) {
		return "its indices may count from the end of an open axis"
	}
	return ""
}

// constInts is ConstInts of a value that may be omitted.
func constInts(v *ir.Value) ([]int64, bool) {
	if v == nil {
		return nil, false
	}
	return v.ConstInts()
}

// reshaping says where the sizes of a Reshape's result come from: at each place
// the axis of its input that has the size, fromInputs where it follows from the
// sizes of the graph's inputs, or fromRest where it follows from the others. ok
// is false where several would have to do that.
func reshaping(g *ir.Graph, from, to ir.Shape) (axes []int, ok bool) {
	free := 0
	for _, d := range to {
		at := fromInputs
		if !d.IsStatic() {
			if at = slices.IndexFunc(from, func(x ir.Dim) bool { return x.Equal(d) }); at < 0 {
				if at = fromInputs; !computable(g, d) {
					at = fromRest
					free++
				}
			}
		}
		axes = append(axes, at)
	}
	if free == 0 {
		// One size may follow from the others, so that fewer are computed.
		rest := -1
		for i := range to {
			if !to[i].IsStatic() && (rest < 0 || axes[i] == fromInputs || axes[rest] != fromInputs) {
				rest = i
			}
		}
		if rest >= 0 {
			axes[rest] = fromRest
		}
	}
	return axes, free <= 1
}

const (
	fromRest   = -1
	fromInputs = -2
)

// spansOf gives every open size its range. Where nobody gave one, the usual size
// of a picture is that of the task.
func spansOf(g *ir.Graph, o target.Options) (map[string]target.Span, []string, error) {
	spans, names, assumed, err := target.Spans(g, o.Ranges)
	if err != nil || o.Picture == nil {
		return spans, names, err
	}
	v, why := pictured(g, o.Picture)
	if why != "" {
		return spans, names, nil
	}
	y, x := 2, 3
	if o.Picture.Layout == "NHWC" {
		y, x = 1, 2
	}
	for i, axis := range []int{y, x} {
		for _, s := range assumed {
			n, r := int64(o.Picture.Size[i]), spans[s]
			if v.Shape[axis].Equal(ir.Symbol(s)) && n > 0 {
				spans[s] = target.Span{Min: min(r.Min, n), Opt: n, Max: max(r.Max, n)}
			}
		}
	}
	return spans, names, nil
}

// fixedShape is the code of findings about open sizes that were fixed.
const fixedShape = "coreml.fixed-shape"

// settle decides whether the open sizes of inputs stay open. Where a layer needs
// to know them they become the usual ones of their range.
func settle(g *ir.Graph, reg *op.Registry, o target.Options) (diag.List, error) {
	spans, names, err := spansOf(g, o)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	why := map[string][]string{}
	for _, n := range g.Nodes {
		open := slices.ContainsFunc(n.Outputs, func(v *ir.Value) bool { return v != nil && !v.Shape.IsStatic() }) || slices.ContainsFunc(n.Inputs, openSizes)
		if !open || settled(n) || tellsSizes(n) {
			continue
		}
		w := bound(g, n)
		if slices.ContainsFunc(n.Outputs, func(v *ir.Value) bool { return v != nil && !follows(g, v.Shape) }) {
			w = "a size does not follow from those of the inputs"
		}
		if w != "" {
			why[w] = append(why[w], n.Origin...)
		}
	}
	if len(why) == 0 && slices.IndexFunc(g.Inputs, func(v *ir.Value) bool { return v.Rank() > maxRank }) < 0 {
		return diag.List{diag.Infof("coreml.open-sizes", "the package takes %s", spanText(names, spans))}, nil
	}
	did, err := target.FixSizes(g, func(s string) int64 {
		if isBatch(g, s) {
			return 1
		}
		return spans[s].Opt
	})
	if err != nil {
		return nil, err
	}
	f := diag.Warnf(fixedShape, "sizes that the model leaves open are fixed: %s", did).Suggest("give other sizes with --input-shape")
	for _, w := range slices.Sorted(maps.Keys(why)) {
		f.Text += "; " + w
		f.Layers = append(f.Layers, why[w]...)
	}
	slices.Sort(f.Layers)
	f.Layers = slices.Compact(f.Layers)
	out := diag.List{f}
	if err := reg.InferGraph(g); err != nil {
		return out, diag.Errorf(fixedShape, "the model does not take these sizes (%s): %v", did, err).
			Suggest("give the input's sizes with --input-shape")
	}
	return out, nil
}

// isBatch reports whether a symbol is the first size of an input.
func isBatch(g *ir.Graph, symbol string) bool {
	return slices.ContainsFunc(g.Inputs, func(v *ir.Value) bool { return v.Rank() > 1 && v.Shape[0].Equal(ir.Symbol(symbol)) })
}

func spanText(names []string, spans map[string]target.Span) string {
	var words []string
	for _, s := range names {
		words = append(words, fmt.Sprintf("%s %d to %d (usually %d)", s, spans[s].Min, spans[s].Max, spans[s].Opt))
	}
	return strings.Join(words, ", ")
}

// ranges gives a feature the range of each size of v; nil where all are known.
func (e *emitter) ranges(v *ir.Value) (usual []int64, ranges [][2]int64) {
	for _, d := range v.Shape {
		at := func(of func(target.Span) int64) int64 {
			n, _ := d.With(func(s string) int64 { return of(e.spans[s]) })
			return n
		}
		usual = append(usual, at(func(s target.Span) int64 { return s.Opt }))
		ranges = append(ranges, [2]int64{at(func(s target.Span) int64 { return s.Min }), at(func(s target.Span) int64 { return s.Max })})
	}
	if v.Shape.IsStatic() {
		return usual, nil
	}
	return usual, ranges
}

// feature describes an input or output to the interface.
func (e *emitter) feature(name string, p val, v *ir.Value) mil.Feature {
	f := mil.Feature{Name: name, DType: p.dtype, Shape: mil.TypeOf(p.dtype, p.shape).Dims}
	if v.Shape.IsStatic() || len(v.Shape) != len(p.shape) {
		return f
	}
	f.Shape, f.Ranges = e.ranges(v)
	if e.nhwc && len(f.Shape) == 4 {
		s, r := f.Shape, f.Ranges
		f.Shape, f.Ranges = []int64{s[0], s[2], s[3], s[1]}, [][2]int64{r[0], r[2], r[3], r[1]}
	}
	return f
}
