package fold

import (
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Identity is the pass remove_identity.
var Identity = &pass.Pass{
	Name:  "remove_identity",
	About: "Removes operations that change nothing, and pairs that undo each other",
	After: []string{"fold_constants"},
	Run:   removeIdentity,
}

func removeIdentity(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		y := n.Out(0)
		if y == nil || len(y.Uses()) == 0 && !g.IsOutput(y) {
			continue
		}
		x := same(n)
		if x == nil {
			if merge := pairs[n.Op]; merge != nil && merge(p, n) {
				c.Fire()
				x = same(n) // what is left of a pair may do nothing
			}
		}
		if x == nil || x == y {
			continue
		}
		if g.IsOutput(y) && (x.Node() == nil || g.IsOutput(x)) {
			if n.Op != "Identity" {
				c.Miss(n, "it is needed to give the output its name")
			}
			continue
		}
		p.Replace(y, x)
		c.Fire()
	}
	return p.Done()
}

// same returns the value that n's first output equals, nil where it does more
// than pass it on.
func same(n *ir.Node) *ir.Value {
	x, y := n.In(0), n.Out(0)
	if x == nil || len(n.Outputs) > 1 && slices.ContainsFunc(n.Outputs[1:], func(v *ir.Value) bool { return v != nil }) {
		return nil
	}
	if x.DType != y.DType {
		return nil
	}
	equal := x.Shape.Equal(y.Shape)
	is := false
	switch n.Op {
	case "Identity":
		return x
	case "Cast":
		is = x.DType != tensor.Invalid
	case "Concat", "Sum", "Max", "Min", "Mean", "Split":
		is = len(n.Inputs) == 1 || n.Op == "Split"
		is = is && (n.Op != "Sum" && n.Op != "Mean" || equal) && (n.Op != "Split" || equal)
	case "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Tile":
		is = equal
	case "Transpose":
		is = equal && ascending(n.Ints("perm"), len(x.Shape))
	case "Pad":
		v, ok := n.In(1).ConstInts()
		is = ok && equal && !slices.ContainsFunc(v, func(p int64) bool { return p != 0 })
	case "Slice":
		steps, ok := []int64(nil), true
		if n.In(4) != nil {
			steps, ok = n.In(4).ConstInts()
		}
		is = ok && equal && !slices.ContainsFunc(steps, func(s int64) bool { return s != 1 })
	case "Clip":
		is = unbounded(n.In(1), -1) && unbounded(n.In(2), 1)
	case "Add":
		if x.IsConst() && !n.In(1).IsConst() {
			x = n.In(1)
			return neutral(x, n.In(0), y, 0)
		}
		return neutral(x, n.In(1), y, 0)
	case "Mul":
		if x.IsConst() && !n.In(1).IsConst() {
			x = n.In(1)
			return neutral(x, n.In(0), y, 1)
		}
		return neutral(x, n.In(1), y, 1)
	case "Sub":
		return neutral(x, n.In(1), y, 0)
	case "Div":
		return neutral(x, n.In(1), y, 1)
	case "Pow":
		return neutral(x, n.In(1), y, 1)
	case "Resize":
		is = equal && plainResize(n)
	}
	if is {
		return x
	}
	return nil
}

func ascending(perm []int64, rank int) bool {
	for i, p := range perm {
		if p != int64(i) {
			return false
		}
	}
	return len(perm) == rank
}

// unbounded reports whether a bound of Clip is omitted or infinite.
func unbounded(v *ir.Value, sign int) bool {
	if v == nil {
		return true
	}
	s, ok := v.ConstScalar()
	return ok && math.IsInf(s, sign)
}

// neutral returns x where the other operand is a small constant all of whose
// elements are e, and does not broadcast x.
func neutral(x, other, y *ir.Value, e float64) *ir.Value {
	if x == nil || !other.IsConst() || !x.Shape.Equal(y.Shape) || x.DType != y.DType || other.Const.Len() > 4096 || other.Const.DType() == tensor.String {
		return nil
	}
	for _, v := range other.Const.Float64s() {
		if v != e {
			return nil
		}
	}
	return x
}

// plainResize reports whether a Resize to the same size takes each element from
// its own place.
func plainResize(n *ir.Node) bool {
	if v := n.In(2); v != nil {
		if !v.IsConst() {
			return false
		}
		for _, s := range v.Const.Float64s() {
			if s != 1 {
				return false
			}
		}
	}
	mode := n.Str("coordinate_transformation_mode", "half_pixel")
	return n.Str("mode", "nearest") != "cubic" && (mode == "half_pixel" || mode == "asymmetric" || mode == "align_corners")
}

// pairs merge a node with its producer; they report whether they did.
var pairs = map[string]func(*ir.Patch, *ir.Node) bool{
	"Transpose": transposePair,
	"Cast":      castPair,
}

func transposePair(p *ir.Patch, n *ir.Node) bool {
	inner := n.In(0).Node()
	if inner == nil || inner.Op != "Transpose" || inner.In(0) == nil {
		return false
	}
	a, b := perm(inner), perm(n)
	if a == nil || len(a) != len(b) {
		return false
	}
	both := make([]int64, len(b))
	for i, x := range b {
		if x < 0 || x >= int64(len(a)) {
			return false
		}
		both[i] = a[x]
	}
	p.SetInput(n, 0, inner.In(0))
	p.SetAttr(n, "perm", both)
	p.AddOrigin(n, inner)
	return true
}

// perm is a Transpose's order; the default reverses.
func perm(n *ir.Node) []int64 {
	if v := n.Ints("perm"); v != nil {
		return v
	}
	r := n.In(0).Rank()
	if r < 0 {
		return nil
	}
	v := make([]int64, r)
	for i := range v {
		v[i] = int64(r - 1 - i)
	}
	return v
}

func castPair(p *ir.Patch, n *ir.Node) bool {
	inner := n.In(0).Node()
	if inner == nil || inner.Op != "Cast" || inner.In(0) == nil {
		return false
	}
	from, mid, to := inner.In(0).DType, n.In(0).DType, n.Out(0).DType
	if !lossless(from, mid) {
		return false
	}
	// Integer to integer wraps and floating to integer saturates: through a
	// floating type only the way back to the same type is sure to be the same.
	if from != to && from.IsInt() && mid.IsFloat() && !to.IsFloat() {
		return false
	}
	p.SetInput(n, 0, inner.In(0))
	p.AddOrigin(n, inner)
	return true
}

// lossless reports whether every value of a is exact in b.
func lossless(a, b tensor.DType) bool {
	switch {
	case a == b:
		return true
	case a.IsFloat() && b.IsFloat():
		switch a {
		case tensor.Float16, tensor.BFloat16, tensor.Float8E4M3FN, tensor.Float8E5M2, tensor.Float8E4M3FNUZ, tensor.Float8E5M2FNUZ:
			return b == tensor.Float32 || b == tensor.Float64
		}
		return a == tensor.Float32 && b == tensor.Float64
	case a == tensor.Bool:
		return b.IsInt() || b.IsFloat() && b.Bits() >= 16
	case a.IsInt() && b.IsFloat():
		return b == tensor.Float64 && a.Bits() <= 32 || b == tensor.Float32 && a.Bits() <= 16
	case a.IsInt() && b.IsInt():
		return a.Bits() < b.Bits() && (b.IsSigned() || a.IsUnsigned())
	}
	return false
}
