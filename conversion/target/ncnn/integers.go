package ncnn

import (
	"slipway/conversion/diag"
	"slipway/conversion/ir"
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
	return n.Op == "Gather" && packed(n.In(0)) != nil && n.In(0).Rank() == 2 && n.Int("axis", 0) == 0
}

// readAs says how an integer input is read: as places in tables, which ncnn's
// Embed takes as 32-bit integers, as numbers, which are floats from the start, or
// in other ways, which blobs of floats do not have.
func readAs(v *ir.Value) (places, numbers, other bool) {
	for _, u := range v.Uses() {
		n := u.Node
		switch {
		case views[n.Op] && u.Index == 0:
			p, m, o := readAs(n.Out(0))
			places, numbers, other = places || p, numbers || m, other || o
		case looksUp(n) && u.Index == 1:
			places = true
		case n.Op == "Cast" && (n.Out(0).DType == tensor.Float32 || n.Out(0).DType == tensor.Float16):
			numbers = true
		default:
			other = true
		}
	}
	return places, numbers, other
}

// integers spells what reads an integer input of the model; false for all else.
func (e *emitter) integers(n *ir.Node) bool {
	var from *ir.Value
	at := 0
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		if _, ok := sizes(v); !ok {
			return false
		}
		if g := given(v); g != nil {
			from, at = g, i
		}
	}
	if from == nil {
		return false
	}
	places, numbers, other := readAs(from)
	switch {
	case other || places && numbers:
		return false // one blob cannot be both
	case at == 1 && looksUp(n):
		e.embed(n)
	case at == 0 && (views[n.Op] || n.Op == "Cast"):
		e.alias(n.Out(0), n.In(0))
	default:
		return false
	}
	return true
}

// embed is Embed: a row of the table for each place.
func (e *emitter) embed(n *ir.Node) {
	w, words := packed(n.In(0)), count(full(n.In(1)))
	s := full(n.In(0))
	l := e.addN("Embed", []*blob{e.as(n.In(1), words)}, [][]int{{words, s[1]}}, num(0, s[1]), num(1, s[0]), num(3, s[0]*s[1]))
	l.data = []chunk{w.weights(nil, 1)}
	e.set(n.Out(0), l.out[0])
}

// integerInput is a finding on what the blob of an integer input holds, an error
// where no blob can be what its readers want.
func integerInput(v *ir.Value) *diag.Finding {
	places, numbers, other := readAs(v)
	switch {
	case other || places && numbers:
		return diag.Errorf("ncnn.input", "input %q holds %v; ncnn's blobs are 32-bit floats", v.Name, v.DType)
	case places:
		return diag.Infof("ncnn.io-places", "input %q is a blob of 32-bit integers, places in a table from 0 on: those below it are not counted from its end", v.Name)
	}
	return diag.Infof("ncnn.io-widened", "input %q is a blob of 32-bit floats", v.Name)
}
