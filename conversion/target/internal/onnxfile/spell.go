package onnxfile

import (
	"fmt"
	"maps"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// form is a node as one operator set spells it.
type form struct {
	op    string
	in    []operand
	out   []*ir.Value // nil: omitted
	attrs ir.Attrs
}

// operand is an input: a value of the graph, a new constant, or neither where
// it is omitted.
type operand struct {
	v *ir.Value
	c *tensor.Tensor
}

func (o operand) dtype() tensor.DType {
	switch {
	case o.c != nil:
		return o.c.DType()
	case o.v != nil:
		return o.v.DType
	}
	return tensor.Invalid
}

func (o operand) omitted() bool { return o.v == nil && o.c == nil }

// ints are the elements of a constant operand.
func (o operand) ints() ([]int64, bool) {
	switch {
	case o.c != nil:
		v, err := o.c.Int64s()
		return v, err == nil
	case o.v != nil:
		if v, ok := o.v.ConstInts(); ok {
			return v, true
		}
		if o.v.Content == nil {
			return nil, false
		}
		out := make([]int64, len(o.v.Content))
		for i, d := range o.v.Content {
			n, ok := d.Int()
			if !ok {
				return nil, false
			}
			out[i] = n
		}
		return out, true
	}
	return nil, false
}

func (f *form) input(i int) operand {
	if i < len(f.in) {
		return f.in[i]
	}
	return operand{}
}

func (f *form) setInput(i int, o operand) {
	for len(f.in) <= i {
		f.in = append(f.in, operand{})
	}
	f.in[i] = o
}

func (f *form) setInts(i int, v []int64) { f.setInput(i, operand{c: tensor.Of(v, len(v))}) }

// trim drops omitted inputs and outputs at the end.
func (f *form) trim() {
	for len(f.in) > 0 && f.in[len(f.in)-1].omitted() {
		f.in = f.in[:len(f.in)-1]
	}
	for len(f.out) > 0 && f.out[len(f.out)-1] == nil {
		f.out = f.out[:len(f.out)-1]
	}
}

// neutral are attributes that older operator sets lack, with the value that
// means what they do anyway.
var neutral = map[string]any{
	"antialias": int64(0), "keep_aspect_ratio_policy": "stretch", "saturate": int64(1), "round_mode": "up",
	"noop_with_empty_axes": int64(0), "precision": int64(0), "block_size": int64(0), "output_dtype": int64(0),
	"allowzero": int64(0), "reduction": "none", "start": int64(0), "training_mode": int64(0), "stash_type": int64(1),
}

// spell lowers n to an operator set. why is not "" where that set cannot say it.
func spell(n *ir.Node, opset int) (f *form, why string) {
	s := find(n.Op, opset)
	if s == nil {
		if all := schemas()[n.Op]; len(all) > 0 {
			return nil, fmt.Sprintf("%s is in operator set %d and later; this one is %d", n.Op, all[0].since, opset)
		}
		return nil, fmt.Sprintf("ONNX has no operator %s", n.Op)
	}
	f = &form{op: n.Op, out: slices.Clone(n.Outputs), attrs: maps.Clone(n.Attrs)}
	if f.attrs == nil {
		f.attrs = ir.Attrs{}
	}
	for _, v := range n.Inputs {
		f.in = append(f.in, operand{v: v})
	}
	if why := open(n, f, opset); why != "" {
		return nil, n.Op + ": " + why
	}
	if lower := lowerings[n.Op]; lower != nil {
		if why := lower(n, f, opset); why != "" {
			return nil, n.Op + " " + why
		}
	}
	for a, v := range neutral {
		if have, ok := f.attrs[a]; ok && have == v && !slices.Contains(s.attrs, a) {
			delete(f.attrs, a)
		}
	}
	if d := f.attrs["dilations"]; d != nil && !slices.Contains(s.attrs, "dilations") && allOnes(n.Ints("dilations")) {
		delete(f.attrs, "dilations")
	}
	f.trim()
	for n.Op == "Loop" && len(f.in) < s.min {
		f.in = append(f.in, operand{}) // neither a number of iterations nor a condition
	}
	if why := s.check(f); why != "" {
		return nil, fmt.Sprintf("%s %s in operator set %d", n.Op, why, opset)
	}
	return f, ""
}

func allOnes(v []int64) bool { return !slices.ContainsFunc(v, func(x int64) bool { return x != 1 }) }

// lowerings rewrite what older sets spell differently; each returns why it
// cannot, without the operator's name.
var lowerings = map[string]func(*ir.Node, *form, int) string{
	"ReduceMean": reduceAxes, "ReduceMax": reduceAxes, "ReduceMin": reduceAxes, "ReduceProd": reduceAxes,
	"ReduceL1": reduceAxes, "ReduceL2": reduceAxes, "ReduceLogSum": reduceAxes, "ReduceLogSumExp": reduceAxes,
	"ReduceSumSquare": reduceAxes,
	"Split":           splitSizes,
	"Pad":             padAxes,
	"Resize":          resizeAxes,
	"GridSample":      gridMode,
	"ScatterElements": scatterReduction,
	"ScatterND":       scatterReduction,
	"QuantizeLinear":  quantizeType,
	"MaxPool":         poolCeil,
	"AveragePool":     poolCeil,
	"LpPool":          poolCeil,
	"RNN":             timeFirst,
	"GRU":             timeFirst,
	"LSTM":            timeFirst,
}

// reduceAxes: axes were an attribute before set 18.
func reduceAxes(n *ir.Node, f *form, opset int) string {
	if opset >= 18 {
		return ""
	}
	axes, known := []int64(nil), true
	if !f.input(1).omitted() {
		axes, known = f.input(1).ints()
	}
	if !known {
		return fmt.Sprintf("has axes that are not constant, which set %d cannot say", opset)
	}
	if len(axes) == 0 && n.Int("noop_with_empty_axes", 0) != 0 {
		return fmt.Sprintf("without axes does nothing, which set %d cannot say", opset)
	}
	delete(f.attrs, "noop_with_empty_axes")
	f.in = f.in[:1]
	if len(axes) > 0 {
		f.attrs["axes"] = axes
	}
	return ""
}

// splitSizes: num_outputs came with set 18; before, no sizes meant equal parts.
func splitSizes(n *ir.Node, f *form, opset int) string {
	if !f.input(1).omitted() {
		delete(f.attrs, "num_outputs")
		return ""
	}
	if opset >= 18 {
		f.attrs["num_outputs"] = int64(len(n.Outputs))
		return ""
	}
	delete(f.attrs, "num_outputs")
	axis := n.Int("axis", 0)
	if axis < 0 {
		axis += int64(max(n.In(0).Rank(), 0))
	}
	var sizes []int64
	for _, v := range n.Outputs {
		if v == nil || axis < 0 || axis >= int64(v.Rank()) {
			return "has parts of unknown size"
		}
		d, ok := v.Shape[axis].Int()
		if !ok {
			return "has parts of unknown size"
		}
		sizes = append(sizes, d)
	}
	f.setInts(1, sizes)
	return ""
}

// padAxes: axes came with set 18, mode wrap with 19.
func padAxes(n *ir.Node, f *form, opset int) string {
	if n.Str("mode", "constant") == "wrap" && opset < 19 {
		return fmt.Sprintf("with mode wrap is in operator set 19 and later; this one is %d", opset)
	}
	if f.input(3).omitted() || opset >= 18 {
		return ""
	}
	axes, ok := f.input(3).ints()
	pads, ok2 := f.input(1).ints()
	rank := n.In(0).Rank()
	if !ok || !ok2 || rank < 0 || len(pads) != 2*len(axes) {
		return fmt.Sprintf("pads axes that are not known, which set %d cannot say", opset)
	}
	full := make([]int64, 2*rank)
	for i, a := range axes {
		if a < 0 {
			a += int64(rank)
		}
		if a < 0 || a >= int64(rank) {
			return fmt.Sprintf("pads axis %d of %d", axes[i], rank)
		}
		full[a], full[a+int64(rank)] = pads[i], pads[i+len(axes)]
	}
	f.in = f.in[:min(len(f.in), 3)]
	f.setInts(1, full)
	return ""
}

// resizeAxes: axes came with set 18.
func resizeAxes(n *ir.Node, f *form, opset int) string {
	axes := n.Ints("axes")
	if axes == nil || opset >= 18 {
		return ""
	}
	shape, ok := n.In(0).Shape.Ints()
	rank := len(shape)
	full := make([]int64, rank)
	for i := range full {
		full[i] = int64(i)
	}
	if slices.Equal(axes, full) && rank > 0 {
		delete(f.attrs, "axes")
		return ""
	}
	if !f.input(1).omitted() {
		return fmt.Sprintf("has a region and axes, which set %d cannot say", opset)
	}
	rank = n.In(0).Rank()
	place := func(i int) int64 {
		if axes[i] < 0 {
			return axes[i] + int64(rank)
		}
		return axes[i]
	}
	if sizes, known := f.input(3).ints(); known && len(sizes) == len(axes) && ok {
		all := make([]int64, rank)
		for i, d := range shape {
			all[i] = int64(d)
		}
		for i := range axes {
			all[place(i)] = sizes[i]
		}
		f.setInts(3, all)
		delete(f.attrs, "axes")
		return ""
	}
	if v := n.In(2); v.IsConst() && v.Const.Len() == len(axes) && rank > 0 {
		all := make([]float32, rank)
		for i := range all {
			all[i] = 1
		}
		for i, s := range v.Const.Float32s() {
			all[place(i)] = s
		}
		f.setInput(2, operand{c: tensor.Of(all, rank)})
		delete(f.attrs, "axes")
		return ""
	}
	return fmt.Sprintf("has axes and sizes that are not constant, which set %d cannot say", opset)
}

// gridMode: the modes were called otherwise before set 20.
func gridMode(n *ir.Node, f *form, opset int) string {
	if opset >= 20 {
		return ""
	}
	if n.In(0).Rank() > 4 {
		return fmt.Sprintf("of rank %d is in operator set 20 and later; this one is %d", n.In(0).Rank(), opset)
	}
	switch n.Str("mode", "") {
	case "linear":
		f.attrs["mode"] = "bilinear"
	case "cubic":
		f.attrs["mode"] = "bicubic"
	}
	return ""
}

// scatterReduction: max and min came with set 18.
func scatterReduction(n *ir.Node, _ *form, opset int) string {
	if r := n.Str("reduction", "none"); (r == "max" || r == "min") && opset < 18 {
		return fmt.Sprintf("with reduction %s is in operator set 18 and later; this one is %d", r, opset)
	}
	return ""
}

// quantizeType: before set 21 only a zero point tells the element type.
func quantizeType(n *ir.Node, f *form, opset int) string {
	if opset >= 21 {
		return ""
	}
	want := n.Out(0).DType
	delete(f.attrs, "output_dtype")
	if f.input(2).omitted() && want != tensor.Uint8 {
		dims, ok := n.In(1).Shape.Ints()
		if !ok || op.ONNXType(want) == 0 {
			return "has no zero point and scales of unknown number"
		}
		if _, err := tensor.NumElements(dims); err != nil {
			return err.Error()
		}
		f.setInput(2, operand{c: tensor.New(want, dims...)})
	}
	return ""
}

// timeFirst: the layout with the batch axis in front is in the sets from 14 on,
// but ONNX Runtime does not have it.
func timeFirst(n *ir.Node, f *form, _ int) string {
	if n.Int("layout", 0) != 0 {
		return "with the batch axis in front is in no runtime"
	}
	delete(f.attrs, "layout")
	return ""
}

// poolCeil: since set 22 a last window that would start in the padding is left
// out; before, rounding up counted it. Where that makes a difference, padding at
// the end replaces rounding up.
func poolCeil(n *ir.Node, f *form, opset int) string {
	if opset >= 22 || n.Int("ceil_mode", 0) == 0 {
		return ""
	}
	in, ok1 := n.In(0).Shape.Ints()
	out, ok2 := n.Out(0).Shape.Ints()
	kernel := n.Ints("kernel_shape")
	k := len(kernel)
	if auto := n.Str("auto_pad", "NOTSET"); !ok1 || !ok2 || len(in) != k+2 || len(out) != k+2 || auto != "NOTSET" {
		return ""
	}
	at := func(name string, i int, def int64) int64 {
		if v := n.Ints(name); i < len(v) {
			return v[i]
		}
		return def
	}
	pads := make([]int64, 2*k)
	differs, longer := false, false
	for i := range k {
		begin, end, stride := at("pads", i, 0), at("pads", i+k, 0), at("strides", i, 1)
		reach := (kernel[i]-1)*at("dilations", i, 1) + 1
		room := int64(in[i+2]) + begin + end - reach
		differs = differs || int64(out[i+2]) != (room+stride-1)/stride+1
		more := (int64(out[i+2])-1)*stride - room
		pads[i], pads[i+k] = begin, end+max(more, 0)
		longer = longer || more > 0
	}
	if !differs {
		return ""
	}
	if longer && n.Int("count_include_pad", 0) != 0 {
		return fmt.Sprintf("rounds up and counts padding in a way that set %d cannot say", opset)
	}
	delete(f.attrs, "ceil_mode")
	f.attrs["pads"] = pads
	return ""
}
