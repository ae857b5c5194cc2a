package tflite

import (
	"fmt"

	"slipway/conversion/ir"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

var scatterSpellings = map[string]spelling{
	"ReverseSequence": {legal: legalReverseSequence, emit: emitReverseSequence},
	"ScatterND":       {legal: legalScatterND, emit: emitScatterND},
}

func legalReverseSequence(n *ir.Node) string {
	if r := n.In(0).Rank(); r > 4 {
		return fmt.Sprintf("rank %d", r)
	}
	return scatterTypes(n)
}

func scatterTypes(n *ir.Node) string {
	switch d := n.In(0).DType; d {
	case tensor.Float32, tensor.Int32, tensor.Int64, tensor.Uint8:
		return ""
	default:
		return noKernel(d)
	}
}

func emitReverseSequence(e *emitter) error {
	x, err := e.read(e.n.In(0), nil, false)
	if err != nil {
		return err
	}
	n, err := e.read(e.n.In(1), nil, false)
	if err != nil {
		return err
	}
	opts := fb.ReverseSequenceOptions{SeqDim: int32(e.n.Int("time_axis", 0)), BatchDim: int32(e.n.Int("batch_axis", 1))}
	return e.out1(fb.ReverseSequence, opts, nil, x, n)
}

// legalScatterND: SCATTER_ND adds up what goes to one place, so that only sums
// and places named once can be written.
func legalScatterND(n *ir.Node) string {
	if why := scatterTypes(n); why != "" {
		return why
	}
	idx := n.In(1)
	if !n.In(0).Shape.IsStatic() || !n.In(2).Shape.IsStatic() || idx.Rank() < 1 || !idx.Shape.IsStatic() {
		return "a shape that is not known"
	}
	if d := idx.DType; d != tensor.Int32 && d != tensor.Int64 {
		return fmt.Sprintf("indices of type %v", d)
	}
	switch r := n.Str("reduction", "none"); r {
	case "add":
		return ""
	case "none":
		if n.In(0).DType == tensor.Uint8 {
			return "element type u8"
		}
		if x, ok := idx.ConstInts(); ok && repeats(x, idx.Const.Shape(), n.In(0).Shape) {
			return "indices that name a place twice"
		}
		return ""
	default:
		return "reduction " + r
	}
}

// repeats reports whether two of the constant lists of indices into s are the
// same.
func repeats(x []int64, shape []int, s ir.Shape) bool {
	k := shape[len(shape)-1]
	seen := map[string]bool{}
	for i := 0; k > 0 && i+k <= len(x); i += k {
		key := ""
		for j, v := range x[i : i+k] {
			if d, ok := s[j].Int(); ok && v < 0 {
				v += d
			}
			key += fmt.Sprint(v, " ")
		}
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}

// emitScatterND adds what SCATTER_ND makes to the data or, to overwrite, takes
// it where a second SCATTER_ND, of ones, hit.
func emitScatterND(e *emitter) error {
	data, updates := e.n.In(0), e.n.In(2)
	at, err := e.places(e.n.In(1), data.Shape)
	if err != nil {
		return err
	}
	x, err := e.read(data, nil, false)
	if err != nil {
		return err
	}
	u, err := e.read(updates, nil, false)
	if err != nil {
		return err
	}
	dims := dimsOf(data.Shape, nil)
	shape := e.int32s(dims)
	spread := func(what int, d tensor.DType) (int, error) {
		y, err := e.tensor("", d, dims, nil)
		e.op(fb.ScatterND, nil, []int{at, what, shape}, y)
		return y, err
	}
	moved, err := spread(u, updates.DType)
	if err != nil {
		return err
	}
	if e.n.Str("reduction", "none") == "add" {
		return e.out1(fb.Add, fb.AddOptions{}, nil, x, moved)
	}
	size, _ := updates.Shape.Ints()
	count := 1
	for _, d := range size {
		count *= d
	}
	ones := make([]float32, count)
	for i := range ones {
		ones[i] = 1
	}
	one, err := e.addConst(tensor.Of(ones, size...), nil, nil)
	if err != nil {
		return err
	}
	hits, err := spread(one, tensor.Float32)
	if err != nil {
		return err
	}
	zero, err := e.addConst(tensor.Scalar(float32(0)), nil, nil)
	if err != nil {
		return err
	}
	hit, err := e.tensor("", tensor.Bool, dims, nil)
	if err != nil {
		return err
	}
	e.op(fb.Greater, nil, []int{hits, zero}, hit)
	return e.out1(fb.SelectV2, nil, nil, hit, moved, x)
}

// places are lists of indices into s as int32 without negative entries.
func (e *emitter) places(v *ir.Value, s ir.Shape) (int, error) {
	k, _ := v.Shape[len(v.Shape)-1].Int()
	limit := make([]int32, k)
	for i := range limit {
		d, _ := s[i].Int()
		limit[i] = int32(d)
	}
	if x, ok := v.ConstInts(); ok {
		out := make([]int32, len(x))
		for i, p := range x {
			if p < 0 {
				p += int64(limit[i%int(k)])
			}
			out[i] = clamp32(p)
		}
		return e.addConst(tensor.Of(out, v.Const.Shape()...), nil, nil)
	}
	x, err := e.read(v, nil, false)
	if err != nil {
		return 0, err
	}
	x = e.toInt32(x)
	d := e.m.Tensors[x].Shape
	zero, err := e.addConst(tensor.Scalar(int32(0)), nil, nil)
	if err != nil {
		return 0, err
	}
	size, err := e.addConst(tensor.Of(limit, len(limit)), nil, nil)
	if err != nil {
		return 0, err
	}
	negative, err := e.tensor("", tensor.Bool, d, nil)
	if err != nil {
		return 0, err
	}
	e.op(fb.Less, nil, []int{x, zero}, negative)
	y := e.temp(x, d)
	e.op(fb.SelectV2, nil, []int{negative, e.binary(fb.Add, x, size, d), x}, y)
	return y, nil
}
