package ncnn

import (
	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target/internal/intrange"
	"slipway/conversion/tensor"
)

// views are the operators that leave all elements in their order.
var views = map[string]bool{"Reshape": true, "Flatten": true, "Squeeze": true, "Unsqueeze": true, "Identity": true}

// given is the integer input of the model that v shows, in another shape at
// most; nil where v is computed, constant or no integer.
func given(v *ir.Value) *ir.Value {
	for v != nil && v.Content == nil && v.DType.IsInt() && !v.IsConst() {
		n := v.Node()
		if n == nil {
			return v
		}
		if !views[n.Op] {
			return nil
		}
		v = n.In(0)
	}
	return nil
}

// looksUp reports whether n takes rows of a constant table by its second input.
func looksUp(n *ir.Node) bool {
	return n.Op == "Gather" && packed(n.In(0)) != nil && n.In(0).Rank() == 2 && n.Int("axis", 0) == 0 && n.In(0).DType == tensor.Float32
}

// readAs says how an integer input is read: as places in tables, which ncnn's
// Embed takes as 32-bit integers, of which the smallest has so many rows, or as
// numbers, which are floats from the start.
func readAs(v *ir.Value) (rows int, numbers bool) {
	for _, u := range v.Uses() {
		n, more := u.Node, 0
		switch {
		case views[n.Op] && u.Index == 0:
			var m bool
			more, m = readAs(n.Out(0))
			numbers = numbers || m
		case looksUp(n) && u.Index == 1:
			more = full(n.In(0))[0]
		default:
			numbers = true
		}
		if more > 0 && (rows == 0 || more < rows) {
			rows = more
		}
	}
	return rows, numbers
}

// integerInput is the integer input v, which blob b holds: places in tables, and
// what they are as numbers, looked up in a table of all numbers; or numbers.
func (e *emitter) integerInput(v *ir.Value, b *blob) *diag.Finding {
	rows, numbers := readAs(v)
	if rows == 0 {
		return diag.Infof("ncnn.io-widened", "input %q is a blob of 32-bit floats, which hold whole numbers to 16777216", v.Name)
	}
	e.raw[v] = b
	if numbers {
		e.node = &ir.Node{Name: v.Name + "_number"}
		all := make([]float32, rows)
		for k := range all {
			all[k] = float32(k)
		}
		words := count(b.dims)
		l := e.addN("Embed", []*blob{e.reshape(b, []int{words})}, [][]int{{words, 1}}, num(0, 1), num(1, rows), num(3, rows))
		l.data = []chunk{plain(all).weights(nil, 1)}
		e.at[v] = l.out[0]
	}
	return diag.Infof("ncnn.io-places", "input %q is a blob of 32-bit integers, places in a table from 0 on: those below it are not counted from its end", v.Name)
}

// lookUp is Embed, where the rows of a table are those that an input names: a row
// for each place.
func (e *emitter) lookUp(n *ir.Node) bool {
	g := given(n.In(1))
	if !looksUp(n) || g == nil {
		return false
	}
	for _, v := range []*ir.Value{n.In(1), n.Out(0)} {
		if _, ok := sizes(v); !ok {
			return false
		}
	}
	b := e.raw[g]
	if b == nil {
		b = &blob{name: "places", dims: natural(full(g))} // dry
	}
	w, words, s := packed(n.In(0)), count(full(n.In(1))), full(n.In(0))
	l := e.addN("Embed", []*blob{e.reshape(b, []int{words})}, [][]int{{words, s[1]}}, num(0, s[1]), num(1, s[0]), num(3, s[0]*s[1]))
	l.data = []chunk{w.weights(nil, 1)}
	e.set(n.Out(0), l.out[0])
	return true
}

// rounded warns of integers of the data that floats may not hold.
func rounded(g *ir.Graph) diag.List {
	loss := intrange.Check(g, func(n *ir.Node) bool { return arithmetic[n.Op] || compared[n.Op] })
	return intrange.Warn(loss.Rounded, "ncnn.int-float", "ncnn computes %s of integers in 32-bit floats: beyond 16777216 they are rounded")
}

// sizesOf is a value that only tells sizes; nil where these are not known.
func (e *emitter) sizesOf(v *ir.Value) *blob {
	list, ok := known(v)
	if !ok || len(list) == 0 || v.Content == nil {
		return nil
	}
	out := make([]float32, len(list))
	for k, x := range list {
		if out[k] = float32(x); int(out[k]) != x {
			e.why = "reads sizes of more than 16777216"
		}
	}
	return e.memory(v, plain(out), natural(full(v)))
}
