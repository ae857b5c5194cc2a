package pool

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/ops/internal/window"
	"slipway/conversion/tensor"
)

// inferPool sets outs outputs to the pooled shape of input 0; the second one,
// if any, is int64.
func inferPool(c *op.InferCtx) error {
	xs := c.InShape(0)
	var out ir.Shape
	if xs != nil {
		if len(xs) < 3 {
			return fmt.Errorf("input %v needs at least three dimensions", xs)
		}
		spec, err := window.Read(c.Node, len(xs)-2, nil)
		if err != nil {
			return err
		}
		spatial, err := spec.OutShape(xs[2:])
		if err != nil {
			return err
		}
		out = append(ir.Shape{xs[0], xs[1]}, spatial...)
	}
	c.Set(0, c.InType(0), out)
	c.Set(1, tensor.Int64, out.Clone())
	return nil
}

// readPool lowers any version: it makes automatic padding explicit where the
// sizes are known.
func readPool(name string, more ...string) func(*op.Src) error {
	return func(s *op.Src) error {
		attrs := s.AttrsOf(append([]string{"auto_pad", "dilations", "kernel_shape", "pads", "strides"}, more...)...)
		x := s.In(0)
		if x == nil {
			return fmt.Errorf("lacks its input")
		}
		if x.Rank() > 2 {
			if err := window.Lower(attrs, x.Shape[2:], nil); err != nil {
				return err
			}
		}
		n, err := s.Emit(name, attrs, s.NumOut, s.Inputs...)
		if err != nil {
			return err
		}
		s.Return(n.Outputs...)
		return nil
	}
}

// shapeOf is the shape of x, nil where it is omitted.
func shapeOf(x *tensor.Tensor) []int {
	if x == nil {
		return nil
	}
	return x.Shape()
}

// grid walks the windows of one plane, lifted to three spatial axes.
type grid struct {
	planes                       int
	in, out, kernel              [3]int
	stride, dilation, begin, end [3]int
	shape                        []int
	inSize, outSize              int
	first, last                  [3][]int // kernel offsets inside the input, by output position
	firstPadded, lastPadded      [3][]int // kernel offsets inside input and declared padding
}

func newGrid(n *ir.Node, xs []int) (*grid, error) {
	if len(xs) < 3 || len(xs) > 5 {
		return nil, fmt.Errorf("wants an input with one to three spatial axes")
	}
	axes := len(xs) - 2
	spec, err := window.Read(n, axes, nil)
	if err != nil {
		return nil, err
	}
	out, err := spec.Resolve(xs[2:])
	if err != nil {
		return nil, err
	}
	g := &grid{planes: xs[0] * xs[1], shape: append([]int{xs[0], xs[1]}, out...)}
	if err := kernel.CheckSize(g.shape...); err != nil {
		return nil, err
	}
	for j := range 3 {
		g.in[j], g.out[j], g.kernel[j], g.stride[j], g.dilation[j] = 1, 1, 1, 1, 1
		if i := j - 3 + axes; i >= 0 {
			g.in[j], g.out[j], g.kernel[j] = xs[2+i], out[i], int(spec.Kernel[i])
			g.stride[j], g.dilation[j] = int(spec.Stride[i]), int(spec.Dilation[i])
			g.begin[j], g.end[j] = int(spec.Begin[i]), int(spec.End[i])
		}
		g.first[j], g.last[j] = g.clip(j, 0, g.in[j])
		g.firstPadded[j], g.lastPadded[j] = g.clip(j, -g.begin[j], g.in[j]+g.end[j])
	}
	g.inSize, g.outSize = g.in[0]*g.in[1]*g.in[2], g.out[0]*g.out[1]*g.out[2]
	return g, nil
}

// clip gives for each output position along an axis the range of kernel offsets
// that fall into [lo,hi).
func (g *grid) clip(axis, lo, hi int) (first, last []int) {
	first, last = make([]int, g.out[axis]), make([]int, g.out[axis])
	for o := range g.out[axis] {
		at := o*g.stride[axis] - g.begin[axis]
		d := g.dilation[axis]
		f, l := 0, 0
		if at < lo {
			f = (lo - at + d - 1) / d
		}
		if at < hi {
			l = (hi - at + d - 1) / d
		}
		first[o], last[o] = f, min(l, g.kernel[axis])
	}
	return first, last
}

// each calls f for every window of a plane with its output index and then, from
// inside f, visit walks the window's elements by their index in the plane.
func (g *grid) each(f func(out int, w *view)) {
	w := &view{g: g}
	i := 0
	for w.o[0] = 0; w.o[0] < g.out[0]; w.o[0]++ {
		for w.o[1] = 0; w.o[1] < g.out[1]; w.o[1]++ {
			for w.o[2] = 0; w.o[2] < g.out[2]; w.o[2]++ {
				f(i, w)
				i++
			}
		}
	}
}

// view is one window's position.
type view struct {
	g *grid
	o [3]int
}

// rows calls f with the index of the first element, the step and the number of
// elements of every run that lies inside the input.
func (w *view) rows(f func(at, step, n int)) {
	g := w.g
	n := g.last[2][w.o[2]] - g.first[2][w.o[2]]
	if n <= 0 {
		return
	}
	x := w.o[2]*g.stride[2] - g.begin[2] + g.first[2][w.o[2]]*g.dilation[2]
	for kd := g.first[0][w.o[0]]; kd < g.last[0][w.o[0]]; kd++ {
		z := w.o[0]*g.stride[0] - g.begin[0] + kd*g.dilation[0]
		for kh := g.first[1][w.o[1]]; kh < g.last[1][w.o[1]]; kh++ {
			y := w.o[1]*g.stride[1] - g.begin[1] + kh*g.dilation[1]
			f((z*g.in[1]+y)*g.in[2]+x, g.dilation[2], n)
		}
	}
}

// count is the number of window elements inside the input or, with padded,
// inside the input and its declared padding.
func (w *view) count(padded bool) int {
	n := 1
	for j, o := range w.o {
		if padded {
			n *= max(w.g.lastPadded[j][o]-w.g.firstPadded[j][o], 0)
		} else {
			n *= max(w.g.last[j][o]-w.g.first[j][o], 0)
		}
	}
	return n
}

// parallel calls f for ranges of planes.
func (g *grid) parallel(f func(lo, hi int)) {
	work := g.outSize * g.kernel[0] * g.kernel[1] * g.kernel[2]
	tensor.Parallel(g.planes, 1+(1<<14)/max(work, 1), f)
}
