package randomgraph

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var moves = map[string]generator{
	"Identity": unary(movable), "Shape": shapeOf, "Size": unary(movable), "Dropout": unary(f32),
	"Reshape": reshape, "Flatten": flatten, "Transpose": transpose, "Squeeze": squeeze, "Unsqueeze": unsqueeze,
	"Concat": concat, "Split": split, "Expand": expand, "Tile": tile, "Pad": pad, "Slice": slice, "Trilu": trilu,
	"DepthToSpace": blocks(true), "SpaceToDepth": blocks(false),
	"ConstantOfShape": filled, "Range": count, "EyeLike": eye,
}

func shapeOf(d *drawer) *draft {
	x := d.any(movable, 0, 5)
	attrs := ir.Attrs{}
	if r := d.value(x).Rank(); d.chance(3) {
		attrs["start"] = int64(d.between(-r-1, r+1))
		if d.chance(2) {
			attrs["end"] = int64(d.between(-r-1, r+1))
		}
	}
	return &draft{in: []*ir.Value{x}, attrs: attrs}
}

// reshape draws a factorisation of the number of elements, with -1 and 0.
func reshape(d *drawer) *draft {
	x := d.any(movable, 0, 5)
	t := d.value(x)
	n := t.Len()
	if n == 0 {
		return nil
	}
	to := []int64{}
	for left := n; left > 1 || len(to) == 0 && t.Rank() > 0; {
		k := oneOf(d, divisors(left)...)
		if len(to) == 4 {
			k = left
		}
		to = append(to, int64(k))
		left /= k
		if left == 1 {
			break
		}
	}
	if len(to) > 0 && d.chance(2) {
		to[d.IntN(len(to))] = -1
	} else if d.chance(3) {
		for i := range to {
			if i < t.Rank() && to[i] == int64(t.Shape()[i]) {
				to[i] = 0
				break
			}
		}
	}
	return &draft{in: []*ir.Value{x, d.list(to...)}}
}

func flatten(d *drawer) *draft {
	x := d.any(movable, 0, 5)
	r := d.value(x).Rank()
	attrs := ir.Attrs{}
	if !d.chance(3) && r > 0 {
		attrs["axis"] = int64(d.between(-r, r))
	} else if r == 0 {
		attrs["axis"] = int64(0)
	}
	return &draft{in: []*ir.Value{x}, attrs: attrs}
}

func transpose(d *drawer) *draft {
	x := d.any(movable, 0, 5)
	attrs := ir.Attrs{}
	if !d.chance(4) {
		attrs["perm"] = wide(d.Perm(d.value(x).Rank()))
	}
	return &draft{in: []*ir.Value{x}, attrs: attrs}
}

func squeeze(d *drawer) *draft {
	x := d.any(movable, 0, 5)
	s := d.value(x).Shape()
	var ones []int64
	for i, n := range s {
		if n == 1 && !d.chance(3) {
			ones = append(ones, int64(i))
			if d.chance(3) {
				ones[len(ones)-1] -= int64(len(s))
			}
		}
	}
	if len(ones) == 0 {
		return &draft{in: []*ir.Value{x}}
	}
	return &draft{in: []*ir.Value{x, d.list(ones...)}}
}

func unsqueeze(d *drawer) *draft {
	x := d.any(movable, 0, 4)
	n := d.between(1, 2)
	rank := d.value(x).Rank() + n
	axes := wide(d.Perm(rank)[:n])
	for i := range axes {
		if d.chance(3) {
			axes[i] -= int64(rank)
		}
	}
	return &draft{in: []*ir.Value{x, d.list(axes...)}}
}

func concat(d *drawer) *draft {
	x := d.any(movable, 1, 5)
	s := d.value(x).Shape()
	a := d.axis(len(s))
	at := (int(a) + len(s)) % len(s)
	in := []*ir.Value{x}
	for range d.between(0, 3) {
		in = append(in, d.pick([]tensor.DType{x.DType}, func(t *tensor.Tensor) bool {
			if t.Rank() != len(s) || t.Len() > maxElements/2 {
				return false
			}
			for i, n := range t.Shape() {
				if i != at && n != s[i] {
					return false
				}
			}
			return true
		}, func() []int {
			o := slices.Clone(s)
			o[at] = d.between(1, 3)
			return o
		}))
	}
	return &draft{in: in, attrs: ir.Attrs{"axis": a}}
}

func split(d *drawer) *draft {
	x := d.any(movable, 1, 5)
	s := d.value(x).Shape()
	a := d.axis(len(s))
	n := s[(int(a)+len(s))%len(s)]
	f := &draft{in: []*ir.Value{x}, attrs: ir.Attrs{"axis": a}}
	if n == 0 || d.chance(2) {
		parts := []int64{}
		for left := n; left > 0 && len(parts) < 3; {
			k := d.between(1, left)
			parts = append(parts, int64(k))
			left -= k
			if len(parts) == 3 {
				parts[2] += int64(left)
			}
		}
		if len(parts) == 0 {
			parts = []int64{int64(n)}
		}
		f.in, f.outs = append(f.in, d.list(parts...)), len(parts)
		return f
	}
	f.outs = d.between(1, min(3, n))
	if k := (n + f.outs - 1) / f.outs; k*(f.outs-1) >= n {
		f.outs = 1
	}
	f.attrs["num_outputs"] = int64(f.outs)
	return f
}

func expand(d *drawer) *draft {
	x := d.any(movable, 0, 4)
	s := d.value(x).Shape()
	to := slices.Clone(s)
	for i := range to {
		if to[i] == 1 && d.chance(2) {
			to[i] = d.between(1, 4)
		} else if d.chance(3) {
			to[i] = 1
		}
	}
	if d.chance(3) {
		to = append([]int{d.between(1, 3)}, to...)
	} else if d.chance(4) {
		to = to[d.IntN(len(to)+1):]
	}
	if !broadcasts(s, to) {
		return nil
	}
	return &draft{in: []*ir.Value{x, d.list(wide(to)...)}}
}

func tile(d *drawer) *draft {
	x := d.any(movable, 1, 4)
	t := d.value(x)
	rep := make([]int64, t.Rank())
	n := t.Len()
	for i := range rep {
		rep[i] = int64(oneOf(d, 1, 1, 2, 3))
		n *= int(rep[i])
	}
	if n > 2*maxElements {
		return nil
	}
	return &draft{in: []*ir.Value{x, d.list(rep...)}}
}

func pad(d *drawer) *draft {
	x := d.some(slices.Concat(floats, integers, bools), 1, 5)
	s := d.value(x).Shape()
	mode := oneOf(d, "constant", "constant", "constant", "edge", "reflect", "wrap")
	axes := d.Perm(len(s))
	if d.chance(2) {
		axes = axes[:d.between(1, len(s))]
	} else {
		slices.Sort(axes)
	}
	pads := make([]int64, 2*len(axes))
	for i, a := range axes {
		for _, k := range []int{i, len(axes) + i} {
			switch n := s[a]; {
			case mode == "reflect" || mode == "wrap":
				pads[k] = int64(d.IntN(min(3, n)))
			case d.chance(4) && n > 2 && mode == "constant":
				pads[k] = -1
			default:
				pads[k] = int64(oneOf(d, 0, 0, 1, 2))
			}
		}
	}
	f := &draft{in: []*ir.Value{x, d.list(pads...), nil, nil}, attrs: ir.Attrs{}}
	if mode != "constant" || d.chance(2) {
		f.attrs["mode"] = mode
	}
	if mode == "constant" && d.chance(2) {
		f.in[2] = d.scalar(x.DType, float64(d.between(0, 1)))
	}
	if len(axes) != len(s) || !slices.IsSorted(axes) {
		a := wide(axes)
		for i := range a {
			if d.chance(3) {
				a[i] -= int64(len(s))
			}
		}
		f.in[3] = d.list(a...)
	}
	return f
}

func slice(d *drawer) *draft {
	x := d.any(movable, 1, 5)
	s := d.value(x).Shape()
	axes := d.Perm(len(s))[:d.between(1, len(s))]
	if d.chance(3) {
		slices.Sort(axes)
	}
	all := len(axes) == len(s) && slices.IsSorted(axes)
	n := len(axes)
	starts, ends, steps, at := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i, a := range axes {
		size := int64(s[a])
		starts[i] = d.Int64N(2*size+3) - size - 1
		ends[i] = d.Int64N(2*size+3) - size - 1
		steps[i] = oneOf(d, int64(1), 1, 1, 2, -1, -2)
		if d.chance(3) {
			starts[i], ends[i], steps[i] = 0, 1<<31-1, max(1, steps[i])
		}
		if at[i] = int64(a); d.chance(3) {
			at[i] -= int64(len(s))
		}
	}
	in := []*ir.Value{x, d.list(starts...), d.list(ends...), nil, nil}
	if !all || d.chance(2) {
		in[3] = d.list(at...)
	}
	if d.chance(2) {
		in[4] = d.list(steps...)
	}
	return &draft{in: in}
}

func trilu(d *drawer) *draft {
	x := d.any(slices.Concat(floats, int64s, bools), 2, 4)
	f := &draft{in: []*ir.Value{x}, attrs: flags("upper")(d)}
	if d.chance(2) {
		f.in = append(f.in, d.param([]int64{int64(d.between(-3, 3))}))
	}
	return f
}

// blocks draws DepthToSpace or SpaceToDepth.
func blocks(toSpace bool) generator {
	return func(d *drawer) *draft {
		b := d.between(1, 3)
		x := d.pick(f32, func(t *tensor.Tensor) bool {
			s := t.Shape()
			return t.Rank() == 4 && t.Len() > 0 && (toSpace && s[1]%(b*b) == 0 || !toSpace && s[2]%b == 0 && s[3]%b == 0)
		}, func() []int {
			if toSpace {
				return []int{d.between(1, 2), b * b * d.between(1, 2), d.between(1, 3), d.between(1, 3)}
			}
			return []int{d.between(1, 2), d.between(1, 3), b * d.between(1, 3), b * d.between(1, 3)}
		})
		attrs := ir.Attrs{"blocksize": int64(b)}
		if toSpace {
			attrs = merge(attrs, choice("mode", "DCR", "CRD")(d))
		}
		return &draft{in: []*ir.Value{x}, attrs: attrs}
	}
}

func filled(d *drawer) *draft {
	attrs := ir.Attrs{}
	if !d.chance(3) {
		t := oneOf(d, movable...)
		x, err := tensor.FromFloat64s(t, d.elements(t, 1), 1)
		if err != nil {
			d.err = err
			return nil
		}
		attrs["value"] = x
	}
	return &draft{in: []*ir.Value{d.sizes()}, attrs: attrs}
}

// sizes picks a list of sizes that is there, as Shape gives, or a new one.
func (d *drawer) sizes() *ir.Value {
	v := d.existing(int64s, func(t *tensor.Tensor) bool {
		n := int64(1)
		if v, err := t.Int64s(); err == nil && t.Rank() == 1 && len(v) <= 5 {
			for _, x := range v {
				if x < 1 || x > maxElements {
					return false
				}
				n *= x
			}
			return n <= maxElements
		}
		return false
	})
	if v != nil {
		return v
	}
	return d.list(wide(d.shape(0, 4))...)
}

func count(d *drawer) *draft {
	t := oneOf(d, tensor.Int64, tensor.Int64, tensor.Int32, tensor.Float32)
	start, n, step := float64(d.between(-4, 4)), float64(d.between(0, 9)), float64(oneOf(d, 1, 1, 2, -1, -3))
	if t.IsFloat() {
		step /= 4
	}
	return &draft{in: []*ir.Value{d.scalar(t, start), d.scalar(t, start+n*step), d.scalar(t, step)}}
}

func eye(d *drawer) *draft {
	x := d.any(f32, 2, 2)
	attrs := ir.Attrs{}
	if d.chance(2) {
		attrs["k"] = int64(d.between(-2, 2))
	}
	return &draft{in: []*ir.Value{x}, attrs: attrs}
}
