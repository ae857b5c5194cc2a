package tflite

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/tensor"
)

func legalGather(n *ir.Node) string { return legalIndices(n, axisOf(n, 0, n.In(0).Rank())) }

// legalIndices refuses indices into an axis of the first input that the kernel
// could not take.
func legalIndices(n *ir.Node, axis int) string {
	if d := n.In(1).DType; d != tensor.Int32 && d != tensor.Int64 {
		return fmt.Sprintf("indices of type %v", d)
	}
	if n.In(1).IsConst() {
		if d := n.In(0).Shape[axis]; fromEnd(n.In(1)) && !d.IsStatic() && (n.In(1).Rank() > 1 || n.Op != "Gather" || !computable(n, ir.Shape{d})) {
			return "indices that count from the end of an unknown dimension"
		}
		return ""
	}
	// The kernel takes no negative indices, and they cannot be ruled out here.
	if _, ok := n.In(0).Shape[axis].Int(); !ok {
		return "computed indices into an unknown dimension"
	}
	return ""
}

// indices is v as int32 without negative entries: indices into a dimension of size
// dim, or, along the last axis of v, into as many as there are.
func (e *emitter) indices(v *ir.Value, dim ...int64) (int, error) {
	if x, ok := v.ConstInts(); ok {
		out := make([]int32, len(x))
		for i, k := range x {
			if k < 0 {
				k += dim[i%len(dim)]
			}
			out[i] = clamp32(k)
		}
		return e.addConst(tensor.Of(out, v.Const.Shape()...), nil, nil)
	}
	x, err := e.read(v, nil, false)
	if err != nil {
		return 0, err
	}
	zero, size := tensor.Scalar(int32(0)), tensor.Scalar(int32(dim[0]))
	if len(dim) > 1 {
		each := make([]int32, len(dim))
		for i, d := range dim {
			each[i] = clamp32(d)
		}
		size = tensor.Of(each, len(each))
	}
	x = e.toInt32(x)
	a, err := e.addConst(zero, nil, nil)
	if err != nil {
		return 0, err
	}
	b, err := e.addConst(size, nil, nil)
	if err != nil {
		return 0, err
	}
	d := e.m.Tensors[x].Shape
	negative, err := e.tensor("", tensor.Bool, d, nil)
	if err != nil {
		return 0, err
	}
	e.op(fb.Less, nil, []int{x, a}, negative)
	wrapped := e.binary(fb.Add, x, b, d)
	y := e.temp(x, d)
	e.op(fb.SelectV2, nil, []int{negative, wrapped, x}, y)
	return y, nil
}

func emitGather(e *emitter) error {
	rank := e.n.In(0).Rank()
	axis := axisOf(e.n, 0, rank)
	dim, ok := e.n.In(0).Shape[axis].Int()
	if !ok {
		dim = 0
	}
	order := e.inOrder(0)
	x, err := e.read(e.n.In(0), order, e.quant)
	if err != nil {
		return err
	}
	if !ok && fromEnd(e.n.In(1)) {
		at, err := e.fromFront(e.n.In(1), e.n.In(0).Shape[axis])
		if err != nil {
			return err
		}
		return e.move(fb.Gather, fb.GatherOptions{Axis: int32(order.Axis(axis))}, e.outOrder(0), x, at)
	}
	if first, count, ok := consecutive(e.n.In(1), dim); ok && dim > 0 && unknowns(dimsOf(e.outs[0].Shape, nil)) <= 1 {
		return e.cut(x, order.Axis(axis), first, count)
	}
	if list, ok := e.n.In(1).ConstInts(); ok && e.n.In(1).Rank() == 1 {
		if y, ok := e.picked(x, order.Axis(axis), list); ok {
			e.set(0, y, e.outOrder(0))
			return nil
		}
	}
	at, err := e.indices(e.n.In(1), dim)
	if err != nil {
		return err
	}
	return e.move(fb.Gather, fb.GatherOptions{Axis: int32(order.Axis(axis))}, e.outOrder(0), x, at)
}

// legalGatherElements takes what GATHER does with all leading dimensions as its
// batch: single elements of each line.
func legalGatherElements(n *ir.Node) string {
	x, at := n.In(0).Shape, n.In(1).Shape
	last := len(x) - 1
	switch {
	case last < 0 || axisOf(n, 0, len(x)) != last:
		return "an axis before others"
	case len(at) != len(x) || !at[:last].Equal(x[:last]):
		return "indices of another shape than the data"
	}
	return legalIndices(n, last)
}

func emitGatherElements(e *emitter) error {
	last := e.n.In(0).Rank() - 1
	dim, _ := e.n.In(0).Shape[last].Int()
	x, err := e.in(0)
	if err != nil {
		return err
	}
	at, err := e.indices(e.n.In(1), dim)
	if err != nil {
		return err
	}
	return e.move(fb.Gather, fb.GatherOptions{Axis: int32(last), BatchDims: int32(last)}, nil, x, at)
}

// legalGatherND refuses indices that the kernel could not take: it knows no batch,
// whose numbers are written into the indices here, and none from the end.
func legalGatherND(n *ir.Node) string {
	x, at, batch := n.In(0).Shape, n.In(1).Shape, int(n.Int("batch_dims", 0))
	if len(at) == 0 {
		return "indices of unknown rank"
	}
	k, ok := at[len(at)-1].Int()
	if !ok || batch+int(k) > len(x) {
		return "indices of unknown length"
	}
	if batch > 0 && !at.IsStatic() {
		return "indices of unknown size into a batch"
	}
	computed := !n.In(1).IsConst()
	if d := n.In(1).DType; computed && d != tensor.Int32 && d != tensor.Int64 {
		return fmt.Sprintf("indices of type %v", d)
	}
	if (computed || fromEnd(n.In(1))) && !x[batch:batch+int(k)].IsStatic() {
		return "indices, computed or from the end, into an unknown dimension"
	}
	return ""
}

func emitGatherND(e *emitter) error {
	v, batch := e.n.In(1), int(e.n.Int("batch_dims", 0))
	shape := v.Shape
	k, _ := shape[len(shape)-1].Int()
	dims := make([]int64, k)
	for i := range dims {
		dims[i], _ = e.n.In(0).Shape[batch+i].Int()
	}
	at, err := e.indices(v, dims...)
	if err != nil {
		return err
	}
	if batch > 0 {
		sizes, _ := shape.Ints()
		if at, err = e.numbered(at, sizes, batch); err != nil {
			return err
		}
	}
	src, err := e.in(0)
	if err != nil {
		return err
	}
	return e.move(fb.GatherND, nil, nil, src, at)
}

// numbered puts the numbers of the batch that they stand in before lists of indices of
// the given shape, whose first batch axes count it.
func (e *emitter) numbered(at int, shape []int, batch int) (int, error) {
	lists := shape[:len(shape)-1]
	numbers, stride := []int32(nil), make([]int, batch)
	inner := 1
	for a := len(lists) - 1; a >= 0; a-- {
		if a < batch {
			stride[a] = inner
		}
		inner *= lists[a]
	}
	for i := range inner {
		for a := range batch {
			numbers = append(numbers, int32(i/stride[a]%lists[a]))
		}
	}
	c, err := e.addConst(tensor.Of(numbers, append(slices.Clone(lists), batch)...), nil, nil)
	if err != nil {
		return 0, err
	}
	out := e.temp(at, dimsOf(ir.Dims(append(slices.Clone(lists), batch+shape[len(shape)-1])...), nil))
	e.op(fb.Concatenation, fb.ConcatenationOptions{Axis: int32(len(lists))}, []int{c, at}, out)
	return out, nil
}

// emitShape writes SHAPE and cuts out what start and end ask for.
func emitShape(e *emitter) error {
	v := e.n.In(0)
	order := e.held[v].order
	if v.IsConst() {
		order = nil
	}
	x, err := e.read(v, order, false)
	if err != nil {
		return err
	}
	rank := v.Rank()
	y, err := e.tensor("", tensor.Int64, []int32{int32(rank)}, nil)
	if err != nil {
		return err
	}
	e.op(fb.Shape, fb.ShapeOptions{Output: fb.Int64}, []int{x}, y)
	start, end := bounds(e.n.Int("start", 0), rank), bounds(e.n.Int("end", int64(rank)), rank)
	if order.IsIdentity() && start == 0 && end == rank {
		e.set(0, y, nil)
		return nil
	}
	pick := []int32{}
	for a := start; a < end; a++ {
		pick = append(pick, int32(order.Axis(a)))
	}
	return e.move(fb.Gather, fb.GatherOptions{}, nil, y, e.int32s(pick))
}

func bounds(v int64, rank int) int {
	if v < 0 {
		v += int64(rank)
	}
	return int(min(max(v, 0), int64(rank)))
}

func legalOneHot(n *ir.Node) string {
	if _, ok := n.In(1).ConstScalar(); !ok || !n.In(2).IsConst() {
		return "a depth or values that are not constant"
	}
	if d := n.In(0).DType; d != tensor.Int32 && d != tensor.Int64 {
		return fmt.Sprintf("indices of type %v", d)
	}
	switch d := n.In(2).DType; d {
	case tensor.Float32, tensor.Int32, tensor.Int64, tensor.Bool:
		return ""
	default:
		return noKernel(d)
	}
}

func emitOneHot(e *emitter) error {
	k, _ := e.n.In(1).ConstScalar()
	at, err := e.indices(e.n.In(0), int64(k))
	if err != nil {
		return err
	}
	depth, err := e.addConst(tensor.Scalar(int32(k)), nil, nil)
	if err != nil {
		return err
	}
	values := e.n.In(2).Const
	var ends [2]int
	for i := range ends {
		size := values.DType().ByteSize(1)
		one, err := tensor.FromBytes(values.DType(), nil, values.Bytes()[i*size:(i+1)*size])
		if err != nil {
			return err
		}
		if ends[i], err = e.addConst(one, nil, nil); err != nil {
			return err
		}
	}
	axis := axisOf(e.n, -1, e.n.Out(0).Rank())
	return e.out1(fb.OneHot, fb.OneHotOptions{Axis: int32(axis)}, nil, at, depth, ends[1], ends[0])
}

// consecutive tells where constant indices into dim elements start, and how many
// they are, if each follows the one before.
func consecutive(v *ir.Value, dim int64) (first, count int64, ok bool) {
	x, ok := v.ConstInts()
	if !ok || len(x) == 0 {
		return 0, 0, false
	}
	if first = x[0]; first < 0 {
		first += dim
	}
	for i, k := range x {
		if k < 0 {
			k += dim
		}
		if k != first+int64(i) || k >= dim {
			return 0, 0, false
		}
	}
	return first, int64(len(x)), true
}

// cut writes a Gather of consecutive elements as SLICE, which unlike GATHER the
// fast kernels have.
func (e *emitter) cut(x, axis int, first, count int64) error {
	dims := append([]int32{}, e.m.Tensors[x].Shape...)
	begin, size := make([]int32, len(dims)), make([]int32, len(dims))
	copy(size, dims) // -1, where a size is not known, means all
	begin[axis], size[axis], dims[axis] = int32(first), int32(count), int32(count)
	if e.m.Tensors[x].Shape[axis] == int32(count) && unknowns(dims) == 0 {
		return e.move(fb.Reshape, nil, e.outOrder(0), x, e.int32s(dimsOf(e.outs[0].Shape, e.outOrder(0))))
	}
	if e.n.In(1).Rank() == 1 {
		return e.move(fb.Slice, nil, e.outOrder(0), x, e.int32s(begin), e.int32s(size))
	}
	y := e.temp(x, dims)
	e.op(fb.Slice, nil, []int{x, e.int32s(begin), e.int32s(size)}, y)
	return e.move(fb.Reshape, nil, e.outOrder(0), y, e.int32s(dimsOf(e.outs[0].Shape, e.outOrder(0))))
}
