package openvino

import (
	"fmt"
	"slices"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var recurrentOps = map[string]spelling{
	"RNN":  {legalRecurrent, emitRecurrent},
	"GRU":  {legalRecurrent, emitRecurrent},
	"LSTM": {legalRecurrent, emitRecurrent},
}

// sequence is what OpenVINO calls a recurrent layer.
type sequence struct {
	typ      string
	gates    []int // the place in ONNX of each gate, in OpenVINO's order
	defaults []string
}

var sequences = map[string]sequence{
	"RNN":  {"RNNSequence", []int{0}, []string{"tanh"}},
	"GRU":  {"GRUSequence", []int{0, 1, 2}, []string{"sigmoid", "tanh"}},
	"LSTM": {"LSTMSequence", []int{2, 0, 3, 1}, []string{"sigmoid", "tanh", "tanh"}}, // f i c o of i o f c
}

// activationsOf are a node's functions in one direction; why is not "" where
// OpenVINO has none of them or not the same ones in both directions.
func activationsOf(n *ir.Node) (list []string, why string) {
	s := sequences[n.Op]
	names, _ := n.Attrs["activations"].([]string)
	if len(names) == 0 {
		return s.defaults, ""
	}
	for _, name := range names {
		l := strings.ToLower(name)
		if l != "sigmoid" && l != "tanh" && l != "relu" {
			return nil, fmt.Sprintf("%s has no activation %s", s.typ, name)
		}
		list = append(list, l)
	}
	k := len(s.defaults)
	if len(list) > k && !slices.Equal(list[:k], list[k:]) {
		return nil, s.typ + " has the same activations in both directions"
	}
	return list[:min(k, len(list))], ""
}

func legalRecurrent(n *ir.Node) string {
	s := sequences[n.Op]
	_, why := activationsOf(n)
	switch {
	case why != "":
		return why
	case n.Int("layout", 0) != 0:
		return s.typ + " is written with time as the first axis"
	case n.Has("clip"):
		return s.typ + " is written without clip"
	case n.Int("input_forget", 0) != 0:
		return s.typ + " does not couple input and forget gates"
	case n.In(7) != nil:
		return s.typ + " has no peepholes"
	case packed(n.In(1)) == nil || packed(n.In(2)) == nil || n.In(3) != nil && !n.In(3).IsConst():
		return s.typ + " is written with constant weights only"
	case n.In(0).DType != tensor.Float32:
		return fmt.Sprintf("%s is written in 32 bits, not in %v", s.typ, n.In(0).DType)
	case n.In(0).Rank() != 3:
		return s.typ + " needs an input of known rank"
	}
	return ""
}

// packed are a weight's elements as they are stored: a constant's, or those of the
// 16-bit one that is widened when the file is loaded; nil for all else.
func packed(v *ir.Value) *tensor.Tensor {
	switch n := v.Node(); {
	case v.IsConst():
		return v.Const
	case n != nil && n.Op == "Cast" && constantLike(n):
		return n.In(0).Const
	}
	return nil
}

// gateWeights writes W or R with its gates in OpenVINO's order.
func (e *emitter) gateWeights(v *ir.Value, order []int) port {
	p := e.constant(gateOrder(packed(v), order))
	if v.IsConst() || p.l == nil {
		return p
	}
	p = e.convert(p, tensor.Float32)
	p.l.decompress = true
	return p
}

// emitRecurrent writes the layer with the batch as the first axis, as OpenVINO
// has it.
func emitRecurrent(e *emitter, n *ir.Node) {
	s := sequences[n.Op]
	acts, _ := activationsOf(n)
	r := packed(n.In(2))
	dirs, hidden := r.Shape()[0], r.Shape()[2]
	x := n.In(0)
	swap := func(p port, v ir.Shape) port {
		if v != nil {
			v = ir.Shape{v[1], v[0], v[2]}
		}
		return e.op("Transpose", "opset1", x.DType, v, nil, p, e.ints(1, 0, 2))
	}
	in := []port{swap(e.in(0), x.Shape)}
	states := 1
	if n.Op == "LSTM" {
		states = 2
	}
	for i := range states {
		if v := n.In(5 + i); v != nil {
			in = append(in, swap(e.in(5+i), v.Shape))
		} else {
			in = append(in, e.zeroState(x, dirs, hidden))
		}
	}
	if n.In(4) != nil {
		in = append(in, e.in(4))
	} else {
		in = append(in, e.fullLengths(x))
	}
	linear := n.Op == "GRU" && n.Int("linear_before_reset", 0) != 0
	in = append(in, e.gateWeights(n.In(1), s.gates), e.gateWeights(n.In(2), s.gates), e.constant(gateBias(n, s.gates, dirs, hidden, linear)))
	data := []attr{
		{"direction", n.Str("direction", "forward")},
		{"hidden_size", fmt.Sprint(hidden)},
		{"activations", strings.Join(acts, ",")},
		{"activations_alpha", ""},
		{"activations_beta", ""},
		{"clip", "0"},
	}
	if n.Op == "GRU" {
		data = append(data, attr{"linear_before_reset", boolean(linear)})
	}
	p := e.opN(s.typ, "opset5", 1+states, data, in...)
	// The outputs are [batch, directions, time, hidden] and [batch, directions, hidden].
	for i := range 1 + states {
		v := n.Out(i)
		q := port{p.l, i}
		shape := ir.Shape(nil)
		perm := []int64{1, 0, 2}
		if i == 0 {
			perm = []int64{2, 1, 0, 3}
		}
		if v != nil && v.Shape != nil {
			shape = make(ir.Shape, len(perm))
			for k, a := range perm {
				shape[a] = v.Shape[k]
			}
		}
		q = q.typed(x.DType, shape)
		if v != nil {
			e.bind(v, e.op("Transpose", "opset1", v.DType, v.Shape, nil, q, e.ints(perm...)))
		}
	}
}

// zeroState is [batch, dirs, hidden] of zeros.
func (e *emitter) zeroState(x *ir.Value, dirs, hidden int) port {
	if b, ok := x.Shape[1].Int(); ok {
		return e.constant(tensor.New(x.DType, int(b), dirs, hidden))
	}
	shape := e.op("Concat", "opset1", tensor.Int64, ir.Dims(3), []attr{{"axis", "0"}}, e.sizeOf(x, 1), e.ints(int64(dirs)), e.ints(int64(hidden)))
	out := ir.Shape{x.Shape[1], ir.Static(int64(dirs)), ir.Static(int64(hidden))}
	return e.op("Broadcast", "opset3", x.DType, out, []attr{{"mode", "numpy"}}, e.scalar(x.DType, 0), shape)
}

// fullLengths is the number of steps, for each sequence.
func (e *emitter) fullLengths(x *ir.Value) port {
	b, ok := x.Shape[1].Int()
	t, ok2 := x.Shape[0].Int()
	if ok && ok2 {
		v := make([]int64, b)
		for i := range v {
			v[i] = t
		}
		return e.ints(v...)
	}
	return e.op("Broadcast", "opset3", tensor.Int64, ir.Shape{x.Shape[1]}, []attr{{"mode", "numpy"}}, e.sizeOf(x, 0), e.sizeOf(x, 1))
}

// sizeOf is a dimension of x as a list of one.
func (e *emitter) sizeOf(x *ir.Value, axis int64) port {
	shape := e.op("ShapeOf", "opset3", tensor.Int64, ir.Dims(len(x.Shape)), []attr{{"output_type", "i64"}}, e.value(x))
	return e.op("Gather", "opset8", tensor.Int64, ir.Dims(1), []attr{{"batch_dims", "0"}}, shape, e.ints(axis), e.int(0))
}

// gateOrder puts the gates of W or R, which lie one after the other on axis 1,
// into another order.
func gateOrder(t *tensor.Tensor, order []int) *tensor.Tensor {
	out := tensor.New(t.DType(), t.Shape()...)
	dst, src := out.Bytes(), t.Bytes()
	one := t.Shape()[1] * t.Shape()[2] * t.DType().Bits() / 8
	block := one / len(order)
	for d := range t.Shape()[0] {
		for k, g := range order {
			copy(dst[d*one+k*block:][:block], src[d*one+g*block:])
		}
	}
	return out
}

// gateBias adds the two biases of each gate. Where GRU's reset comes after the
// product, its last gate keeps them apart.
func gateBias(n *ir.Node, order []int, dirs, hidden int, linear bool) *tensor.Tensor {
	gates := len(order)
	width := gates
	if linear {
		width++
	}
	out := tensor.New(tensor.Float32, dirs, width*hidden)
	if n.In(3) == nil {
		return out
	}
	dst, src := tensor.View[float32](out), tensor.View[float32](n.In(3).Const)
	for d := range dirs {
		w := src[d*2*gates*hidden:]
		r := w[gates*hidden:]
		for k, g := range order {
			for j := range hidden {
				at := d*width*hidden + k*hidden + j
				dst[at] = w[g*hidden+j]
				switch {
				case linear && k == gates-1:
					dst[at+hidden] = r[g*hidden+j]
				default:
					dst[at] += r[g*hidden+j]
				}
			}
		}
	}
	return out
}
