package recognise

import (
	"slices"

	"slipway/conversion/ir"
)

// as is f, whose value is called name; two places of that name have the same
// value.
func as(name string, f form) form {
	return func(m *match, v *ir.Value, rest func() bool) bool {
		if v == nil {
			return false
		}
		if old := m.value[name]; old != nil {
			return old == v && rest()
		}
		return f(m, v, func() bool {
			m.value[name] = v
			if rest() {
				return true
			}
			delete(m.value, name)
			return false
		})
	}
}

// reduction is an operator that reduces x over constant axes, keeping them.
func reduction(name string, x form, axes string) form {
	return where(expr(name, x, constant(axes)), func(n *ir.Node) bool { return n.Int("keepdims", 1) == 1 })
}

// averaged is the mean of x over constant axes, which stay as ones; an exporter
// may have made it a GlobalAveragePool.
func averaged(x form, axes string) form {
	named := reduction("ReduceMean", x, axes)
	pooled := func(m *match, v *ir.Value, rest func() bool) bool {
		if _, twice := m.over[axes]; twice || v == nil {
			return false
		}
		for a := 2; a < v.Rank(); a++ {
			m.over[axes] = append(m.over[axes], a)
		}
		if expr("GlobalAveragePool", x)(m, v, rest) {
			return true
		}
		delete(m.over, axes)
		return false
	}
	return or(named, pooled)
}

// The parts of a standardisation of x, (x - mean)/sqrt(variance + epsilon).
var (
	x        = bind("x")
	mean     = as("mean", averaged(x, "axes"))
	centred  = as("centred", expr("Sub", x, mean))
	variance = or(averaged(squareOf(centred), "axes of variance"), expr("Sub", averaged(squareOf(x), "axes of variance"), squareOf(mean)))
)

func squareOf(f form) form { return or(expr("Pow", f, number(2)), swap("Mul", f, f)) }

// rootOf is sqrt(f + epsilon), overRoot its inverse.
func rootOf(f form) form {
	sum := swap("Add", f, scalar("epsilon"))
	return or(expr("Sqrt", sum), expr("Pow", sum, number(0.5)))
}

func overRoot(f form) form {
	root := rootOf(f)
	return or(expr("Reciprocal", root), expr("Div", number(1), root), expr("Pow", swap("Add", f, scalar("epsilon")), number(-0.5)))
}

// divided is x over the root of f; a constant factor of the whole may stand at
// the inverse.
func divided(x, f form) form {
	over := overRoot(f)
	return or(expr("Div", x, rootOf(f)), swap("Mul", x, over), swap("Mul", x, swap("Mul", over, constant("scale"))))
}

// axes are the axes bound to name for a tensor of the given rank, not negative,
// sorted; nil where they are not valid.
func (m *match) axes(name string, rank int) []int {
	if over, ok := m.over[name]; ok {
		return slices.Clone(over)
	}
	v, ok := m.value[name].ConstInts()
	if !ok || rank < 1 {
		return nil
	}
	var out []int
	for _, a := range v {
		if a < 0 {
			a += int64(rank)
		}
		if a < 0 || a >= int64(rank) {
			return nil
		}
		out = append(out, int(a))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// trailing reports whether axes are the last ones, and from which on.
func trailing(axes []int, rank int) (from int, ok bool) {
	if len(axes) == 0 {
		return 0, false
	}
	from = axes[0]
	return from, from+len(axes) == rank
}

// spread gives the elements of constant v, an operand of an elementwise
// operation on a tensor of the given shape, for the positions along axes; false
// where they differ along another axis or a size is not known.
func spread(v *ir.Value, shape ir.Shape, axes []int) ([]float64, []int, bool) {
	s := v.Const.Shape()
	if len(s) > len(shape) {
		return nil, nil, false
	}
	s = append(slices.Repeat([]int{1}, len(shape)-len(s)), s...)
	dims := make([]int, len(axes))
	total := 1
	for i, a := range axes {
		n, ok := shape[a].Int()
		if !ok || s[a] != 1 && int64(s[a]) != n {
			return nil, nil, false
		}
		dims[i] = int(n)
		if total *= int(n); total > 1<<24 {
			return nil, nil, false
		}
	}
	for a, n := range s {
		if n != 1 && !slices.Contains(axes, a) {
			return nil, nil, false
		}
	}
	have := v.Const.Float64s()
	out := make([]float64, total)
	for i := range out {
		at, step, k := 0, 1, i
		for j := len(axes) - 1; j >= 0; j-- {
			p := k % dims[j]
			k /= dims[j]
			if n := s[axes[j]]; n != 1 {
				at += p * step
				step *= n
			}
		}
		out[i] = have[at]
	}
	return out, dims, true
}

// affine are the constant scale and bias behind a standardisation.
type affine struct {
	scale, bias *ir.Value // nil where there is none
	last        *ir.Node  // what gives the result
}

// follow looks behind n, a standardisation, for a multiplication and an addition
// of constants that fits accepts, and notes them in the match.
func (m *match) follow(n *ir.Node, fits func(v *ir.Value) bool) affine {
	a := affine{last: n, scale: m.value["scale"], bias: m.value["bias"]}
	next := func(op string) *ir.Value {
		if !m.g.SingleUse(a.last.Out(0)) {
			return nil
		}
		u := a.last.Out(0).Uses()[0]
		if u.Node.Op != op || len(u.Node.Inputs) != 2 || u.Index > 1 {
			return nil
		}
		k := u.Node.In(1 - u.Index)
		if !k.IsConst() || !k.DType.IsFloat() || !u.Node.Out(0).Shape.Equal(n.Out(0).Shape) || !fits(k) {
			return nil
		}
		m.nodes = append(m.nodes, u.Node)
		a.last = u.Node
		return k
	}
	if a.scale == nil && a.bias == nil {
		a.scale = next("Mul")
	}
	if a.bias == nil {
		a.bias = next("Add")
	}
	return a
}
