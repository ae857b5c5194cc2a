package tflite

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

// qparam are the parameters of an int8 activation: real = scale*(q-zero).
type qparam struct {
	scale float32
	zero  int64
}

func (q *qparam) quant() *fb.Quant {
	return &fb.Quant{Scale: []float32{q.scale}, Zero: []int64{q.zero}}
}

// least is the smallest number that the integers stand for.
func (q *qparam) least() float64 { return float64(q.scale) * float64(math.MinInt8-q.zero) }

// most is the largest number that the integers stand for.
func (q *qparam) most() float64 { return float64(q.scale) * float64(math.MaxInt8-q.zero) }

func quantOf(q *fb.Quant) *qparam {
	if q == nil || len(q.Scale) != 1 {
		return nil
	}
	return &qparam{q.Scale[0], q.Zero[0]}
}

var quantSpellings = map[string]spelling{
	"QuantizeLinear":   {legal: legalQuantize, emit: emitQuantize},
	"DequantizeLinear": {legal: legalQuantize, emit: emitDequantize},
}

// legalQuantize accepts 8-bit activations with one scale, and constants with one
// scale a channel and no zero point.
func legalQuantize(n *ir.Node) string {
	if !n.In(1).IsConst() || n.In(2) != nil && !n.In(2).IsConst() {
		return "scale and zero point must be constants"
	}
	if n.Int("block_size", 0) != 0 {
		return "blocked quantization"
	}
	quantized := n.In(0)
	if n.Op == "QuantizeLinear" {
		quantized = n.Out(0)
	}
	switch quantized.DType {
	case tensor.Int8, tensor.Uint8:
	case tensor.Int32:
		if !quantized.IsConst() {
			return "int32 activations"
		}
	default:
		return fmt.Sprintf("quantized type %v", quantized.DType)
	}
	if n.Op == "QuantizeLinear" || !n.In(0).IsConst() {
		if n.In(1).Const.Len() > 1 {
			return "activations with more than one scale"
		}
		if !areSteps(n.In(1).Const.Float32s()) {
			return "a scale that is no number above zero"
		}
	}
	return ""
}

// paramsOf reads the parameters of a Q or DQ node on an activation, as int8;
// unsigned ones are shifted by 128, which changes no value.
func paramsOf(n *ir.Node) (*qparam, bool) {
	s, ok := n.In(1).ConstScalar()
	if !ok || legalQuantize(n) != "" {
		return nil, false
	}
	q := &qparam{scale: float32(s)}
	var typ tensor.DType
	if z := n.In(2); z != nil {
		v, ok := z.ConstScalar()
		if !ok {
			return nil, false
		}
		q.zero, typ = int64(v), z.DType
	} else if n.Op == "QuantizeLinear" {
		typ = n.Out(0).DType
	} else {
		typ = n.In(0).DType
	}
	if typ == tensor.Uint8 {
		q.zero -= 128
	}
	return q, true
}

// findQuantized finds the float values that every reader quantizes, alike: these
// may be computed as int8 at once.
func (w *writer) findQuantized() {
	for _, v := range w.g.Values() {
		if v.IsConst() || v.DType != tensor.Float32 || len(v.Uses()) == 0 || w.g.IsOutput(v) {
			continue
		}
		var q *qparam
		for _, u := range v.Uses() {
			p, ok := (*qparam)(nil), false
			if u.Node.Op == "QuantizeLinear" && u.Index == 0 {
				p, ok = paramsOf(u.Node)
			}
			if !ok || q != nil && *p != *q {
				q = nil
				break
			}
			q = p
		}
		if q != nil {
			w.quantOut[v] = q
		}
	}
}

// allQuantized reports whether every floating-point operand of n is there as
// int8, or is a constant that can be, and every further result is quantized.
func (w *writer) allQuantized(n *ir.Node) bool {
	any := false
	for _, v := range n.Outputs {
		if v != nil && (len(v.Uses()) > 0 || w.g.IsOutput(v)) && len(n.Outputs) > 1 && w.quantOut[v] == nil {
			return false
		}
	}
	for i, v := range n.Inputs {
		if v == nil || v.DType != tensor.Float32 {
			continue
		}
		switch {
		case v.IsConst():
			if isProduct(n.Op) && i < 2 || isElementwise(n.Op) && v.Const.Len() != 1 {
				return false
			}
		case w.lazy[v]:
			if s := v.Node(); s.Op != "DequantizeLinear" || (!isProduct(n.Op) || i == 0) && s.In(1).Const.Len() != 1 {
				return false
			}
		case w.held[v].quant == nil:
			return false
		default:
			any = true
		}
	}
	return any
}

func isProduct(op string) bool {
	switch op {
	case "Conv", "ConvTranspose", "Gemm", "MatMul":
		return true
	}
	return false
}

func isElementwise(op string) bool {
	switch op {
	case "Add", "Sub", "Mul":
		return true
	}
	return false
}

// emitQuantize writes QUANTIZE, or nothing where the operand was computed as
// int8 already.
func emitQuantize(e *emitter) error {
	v := e.n.In(0)
	q, ok := paramsOf(e.n)
	if !ok {
		return fmt.Errorf("has parameters that are not understood")
	}
	order := e.outOrder(0)
	if h, ok := e.held[v]; ok && h.quant != nil && *h.quant == *q {
		e.held[e.outs[0]] = held{t: h.t, order: h.order, quant: h.quant}
		return nil
	}
	x, err := e.read(v, order, e.held[v].quant != nil)
	if err != nil {
		return err
	}
	y, err := e.tensor("", tensor.Int8, e.m.Tensors[x].Shape, q)
	if err != nil {
		return err
	}
	e.op(fb.Quantize, nil, []int{x}, y)
	e.set(0, y, order)
	h := e.held[e.outs[0]]
	h.quant = q
	e.held[e.outs[0]] = h
	return nil
}

// emitDequantize lets the result be the int8 tensor; whoever needs it in
// floating point gets it through a DEQUANTIZE.
func emitDequantize(e *emitter) error {
	v := e.n.In(0)
	if v.IsConst() {
		e.lazy[e.outs[0]] = true
		return nil
	}
	q, ok := paramsOf(e.n)
	if !ok {
		return fmt.Errorf("has parameters that are not understood")
	}
	h, ok := e.held[v]
	if !ok {
		return fmt.Errorf("reads %q, which is not there yet", v.Name)
	}
	var err error
	if h.quant == nil || *h.quant != *q {
		if h.t, err = e.reinterpret(v, h.t, q); err != nil {
			return err
		}
		h.quant = q
	}
	e.held[e.outs[0]] = h
	return nil
}

// reinterpret is integer tensor t, which holds v, as int8 with parameters q. Each
// tensor of the format has one scale, so t takes q only where nobody reads it as
// anything else.
func (e *emitter) reinterpret(v *ir.Value, t int, q *qparam) (int, error) {
	typ, p := e.m.Tensors[t].Type, q
	switch typ {
	case fb.Int8:
	case fb.Uint8:
		p = &qparam{q.scale, q.zero + 128}
	default:
		return 0, fmt.Errorf("reads %q, which is not of 8 bits", v.Name)
	}
	if have := quantOf(e.m.Tensors[t].Quant); have == nil || *have != *p {
		if e.m.Tensors[t].Quant != nil || !e.onlyDequantized(v) || e.shared(v, t) || e.tied(t, p.quant()) {
			t = e.apartOf(t)
		}
		e.m.Tensors[t].Quant = p.quant()
	}
	if typ == fb.Int8 {
		return t, nil
	}
	y, err := e.tensor("", tensor.Int8, e.m.Tensors[t].Shape, q)
	if err == nil {
		e.op(fb.Quantize, nil, []int{t}, y)
	}
	return y, err
}

// onlyDequantized reports whether v is read for nothing else.
func (w *writer) onlyDequantized(v *ir.Value) bool {
	return !w.g.IsOutput(v) && !slices.ContainsFunc(v.Uses(), func(u ir.Use) bool { return u.Node.Op != "DequantizeLinear" || u.Index != 0 })
}

// shared reports whether tensor t, which holds v, was read already or holds
// another value too, one that v is a view of.
func (w *writer) shared(v *ir.Value, t int) bool {
	for other, h := range w.held {
		if h.t == t && other != v {
			return true
		}
	}
	return slices.ContainsFunc(w.m.Operators, func(o fb.Operator) bool { return slices.Contains(o.Inputs, t) })
}

// quantConst is a constant operand of an int8 operator, quantized by its range;
// exact to one part in 254 of the largest element, exact for a single one.
func (e *emitter) quantConst(t *tensor.Tensor, order layout.Perm) (int, error) {
	v := t.Float32s()
	top := 0.0
	for _, x := range v {
		top = max(top, math.Abs(float64(x)))
	}
	s := float32(top / 127)
	if s == 0 {
		s = 1
	}
	data := make([]int8, len(v))
	for i, x := range v {
		data[i] = int8(min(max(math.RoundToEven(float64(x)/float64(s)), -127), 127))
	}
	return e.addConst(tensor.Of(data, t.Shape()...), order, &fb.Quant{Scale: []float32{s}, Zero: []int64{0}})
}

// requantize is tensor t with other parameters: itself where they are equal.
func (w *writer) requantize(t int, q *qparam) int {
	if have := quantOf(w.m.Tensors[t].Quant); have != nil && *have == *q {
		return t
	}
	y, _ := w.tensor("", tensor.Int8, w.m.Tensors[t].Shape, q)
	w.op(fb.Quantize, nil, []int{t}, y)
	return y
}

// noteIsland remembers a node that computes in floating point although what it
// reads and writes is quantized.
func (w *writer) noteIsland(n *ir.Node) {
	reads, writes := false, false
	for _, v := range n.Inputs {
		reads = reads || v != nil && w.held[v].quant != nil
	}
	for _, v := range n.Outputs {
		writes = writes || v != nil && w.quantOut[v] != nil
	}
	if !reads || !writes {
		return
	}
	layers := n.Origin
	if len(layers) == 0 {
		layers = []string{n.Name}
	}
	w.islands[n.Op] = append(w.islands[n.Op], layers...)
}

// report turns what was noted into findings.
func (w *writer) report() {
	ops := make([]string, 0, len(w.islands))
	for o := range w.islands {
		ops = append(ops, o)
	}
	slices.Sort(ops)
	for _, o := range ops {
		layers := w.islands[o]
		slices.Sort(layers)
		f := diag.Warnf("tflite.float-island", "%s computes in floating point between quantized layers", o)
		f.Layers = slices.Compact(layers)
		w.findings = append(w.findings, f.Suggest("these layers cost a conversion each way; they are correct"))
	}
	for _, m := range w.plan.Moves {
		f := diag.Infof("tflite.transpose", "value %q is transposed (%d bytes): %s", m.Value.Name, m.Bytes, m.Reason)
		w.findings = append(w.findings, f)
	}
}
