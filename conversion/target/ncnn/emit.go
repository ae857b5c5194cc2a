package ncnn

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
)

// spelling writes one node; it returns why the target cannot say it, "" where it
// can. The node's inputs and outputs have known sizes.
type spelling func(e *emitter, n *ir.Node) string

// emitter collects the layers of one graph. Without a graph it is dry: it tries
// the spelling of a single node.
type emitter struct {
	net
	g      *ir.Graph
	at     map[*ir.Value]*blob
	raw    map[*ir.Value]*blob // of an integer input: its places, as 32-bit integers
	shaped map[string]*blob
	skip   map[*ir.Node]bool
	node   *ir.Node
	also   []string // source layers that the present node's layers also do
	why    string   // of a helper that could not do its part
}

func newEmitter(g *ir.Graph) *emitter {
	return &emitter{
		net: net{taken: map[string]bool{}}, g: g, at: map[*ir.Value]*blob{}, raw: map[*ir.Value]*blob{}, shaped: map[string]*blob{}, skip: map[*ir.Node]bool{},
	}
}

// refusal says why n cannot be written, "" where it can.
func refusal(n *ir.Node) string { return newEmitter(nil).spell(n) }

// spell writes one node.
func (e *emitter) spell(n *ir.Node) string {
	if computed(n) || unpacks(n) || e.skip[n] {
		return ""
	}
	s := spellings[n.Op]
	if s == nil {
		return "ncnn has no layer for " + n.Op
	}
	if e.node, e.also, e.why = n, nil, ""; e.lookUp(n) {
		return e.why
	}
	if why := tooLarge(n); why != "" {
		return why
	}
	if v := n.In(0); v.IsConst() && v.Const.Len() == 0 && n.Op != "Concat" {
		return fmt.Sprintf("ncnn has no blobs without elements; %s works on %v", n.Op, v.Shape)
	}
	for _, v := range slices.Concat(n.Inputs, n.Outputs) {
		if v == nil || v.IsConst() || v.Content != nil {
			continue
		}
		if _, ok := sizes(v); !ok {
			return fmt.Sprintf("ncnn needs fixed sizes; %s works on %v", n.Op, v.Shape)
		}
		if why := unheld(n, v); why != "" {
			return why
		}
	}
	e.node, e.also, e.why = n, nil, ""
	if why := s(e, n); why != "" {
		return "ncnn's " + n.Op + " " + why
	}
	if e.why != "" {
		return "ncnn's " + n.Op + " " + e.why
	}
	return ""
}

// computed reports whether n only does arithmetic on shapes, which is known.
func computed(n *ir.Node) bool {
	for _, v := range n.Outputs {
		if v != nil && (v.Content == nil || !v.DType.IsInt()) {
			return false
		}
	}
	return true
}

// unpacks reports whether n only widens a constant, which its readers do.
func unpacks(n *ir.Node) bool {
	return (n.Op == "Cast" || n.Op == "DequantizeLinear" || views[n.Op]) && packed(n.Out(0)) != nil
}

// sizes are v's dimensions; a symbol counts as 1, as the batch is fixed to that.
// A scalar has one element in one dimension.
func sizes(v *ir.Value) ([]int, bool) {
	if v.Shape == nil {
		return nil, false
	}
	d := make([]int, len(v.Shape))
	for k, x := range v.Shape {
		n, ok := x.With(func(string) int64 { return 1 })
		if !ok || n <= 0 {
			return nil, false
		}
		d[k] = int(n)
	}
	return d, true
}

func full(v *ir.Value) []int {
	d, _ := sizes(v)
	return d
}

func count(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// natural are the dimensions that a value has as a blob: its own without a
// leading 1; where that leaves more than four, without any 1, and in one row
// where even that does not do.
func natural(dims []int) []int {
	if len(dims) == 0 {
		return []int{1}
	}
	if len(dims) > 1 && dims[0] == 1 {
		dims = dims[1:]
	}
	if len(dims) > 4 {
		var d []int
		for _, x := range dims {
			if x != 1 {
				d = append(d, x)
			}
		}
		dims = d
	}
	if len(dims) > 4 || len(dims) == 0 {
		return []int{count(dims)}
	}
	return slices.Clone(dims)
}

// places are, for each axis of a tensor of dimensions d, its place in the natural
// blob, -1 where that has no such axis.
func places(d []int) []int {
	at, lead := make([]int, len(d)), 0
	if len(d) > 1 && d[0] == 1 {
		lead = 1
	}
	next := 0
	for k, x := range d {
		at[k] = -1
		if k >= lead && (len(d)-lead <= 4 || x != 1) {
			at[k] = next
			next++
		}
	}
	if next > 4 {
		for k := range at {
			at[k] = -1
		}
	}
	return at
}

// in is the blob that holds v, in whatever dimensions it has.
func (e *emitter) in(v *ir.Value) *blob {
	if b := e.at[v]; b != nil {
		return b
	}
	if c := packed(v); c != nil {
		return e.memory(v, c, natural(full(v)))
	}
	if b := e.sizesOf(v); b != nil {
		return b
	}
	b := &blob{name: e.unique("b:", v.Name), dims: natural(full(v))}
	if e.g != nil {
		e.why = fmt.Sprintf("reads %q, which nothing gives", v.Name)
	}
	e.at[v] = b
	return b
}

// memory is a layer that gives a constant.
func (e *emitter) memory(v *ir.Value, c *constant, dims []int) *blob {
	key := fmt.Sprint("const", v.Name, dims)
	if b := e.shaped[key]; b != nil {
		return b
	}
	l := &layer{typ: "MemoryData", name: e.unique("l:", v.Name), params: extent(dims), data: []chunk{raw(c.floats)}, origin: e.node.Origin}
	b := &blob{name: e.unique("b:", v.Name), dims: dims, from: l}
	l.out = []*blob{b}
	e.layers = append(e.layers, l)
	e.shaped[key] = b
	return b
}

// extent are the parameters that hold dimensions in Input and MemoryData.
func extent(dims []int) []param {
	n := len(dims)
	p := []param{num(0, dims[n-1])}
	if n > 1 {
		p = append(p, num(1, dims[n-2]))
	}
	if n == 4 {
		p = append(p, num(11, dims[1]))
	}
	if n > 2 {
		p = append(p, num(2, dims[0]))
	}
	return p
}

// as is v as a blob of the given dimensions.
func (e *emitter) as(v *ir.Value, dims ...int) *blob {
	if c := packed(v); c != nil && e.at[v] == nil {
		return e.memory(v, c, dims)
	}
	return e.reshape(e.in(v), dims)
}

func (e *emitter) reshape(b *blob, dims []int) *blob {
	if slices.Equal(b.dims, dims) {
		return b
	}
	if count(b.dims) != count(dims) || len(dims) == 0 || len(dims) > 4 {
		e.why = fmt.Sprintf("cannot see %v as %v", b.dims, dims)
		return b
	}
	key := fmt.Sprintf("%p%v", b, dims)
	if have := e.shaped[key]; have != nil {
		return have
	}
	r := e.add("Reshape", []*blob{b}, dims, extent(dims)...)
	e.shaped[key] = r
	return r
}

// add appends a layer with one output.
func (e *emitter) add(typ string, in []*blob, dims []int, params ...param) *blob {
	return e.addN(typ, in, [][]int{dims}, params...).out[0]
}

func (e *emitter) addN(typ string, in []*blob, dims [][]int, params ...param) *layer {
	name := e.node.Name
	l := &layer{typ: typ, name: e.unique("l:", name), in: in, params: params, origin: slices.Concat(e.node.Origin, e.also)}
	for range dims {
		l.out = append(l.out, nil)
	}
	for k, d := range dims {
		l.out[k] = &blob{name: e.unique("b:", name+"_blob"), dims: d, from: l}
	}
	e.layers = append(e.layers, l)
	return l
}

// set says that b holds v; the dimensions may be any of as many elements.
func (e *emitter) set(v *ir.Value, b *blob) {
	if v == nil {
		return
	}
	if count(b.dims) != count(full(v)) {
		e.why = fmt.Sprintf("would give %v for %v", b.dims, full(v))
	}
	e.at[v] = b
}

// alias says that v holds the elements of x in the same order.
func (e *emitter) alias(v, x *ir.Value) { e.set(v, e.in(x)) }

// known are the elements of an integer operand.
func known(v *ir.Value) ([]int, bool) {
	if v == nil {
		return nil, false
	}
	if c, ok := v.ConstInts(); ok {
		out := make([]int, len(c))
		for k, x := range c {
			out[k] = int(x)
		}
		return out, true
	}
	if v.Content == nil {
		return nil, false
	}
	out := make([]int, len(v.Content))
	for k, d := range v.Content {
		n, ok := d.With(func(string) int64 { return 1 })
		if !ok {
			return nil, false
		}
		out[k] = int(n)
	}
	return out, true
}

// axis makes an axis of v non-negative.
func axis(a, rank int) int {
	if a < 0 {
		return a + rank
	}
	return a
}
