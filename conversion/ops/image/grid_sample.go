package image

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var gridSampleDef = &op.Def{
	Name:    "GridSample",
	Family:  "image",
	Doc:     "Reads x[N,C,spatial…] at the coordinates, from -1 to 1, that grid[N,out…,axes] holds, last axis first.",
	Inputs:  op.In("X", "grid"),
	Outputs: op.In("Y"),
	Attrs: []op.Attr{
		{Name: "align_corners", Kind: op.Int, Default: int64(0)},
		{Name: "mode", Kind: op.Str, Default: "linear"},
		{Name: "padding_mode", Kind: op.Str, Default: "zeros"},
	},
	Tol: op.Accumulating,
	Infer: func(c *op.InferCtx) error {
		xs, gs := c.InShape(0), c.InShape(1)
		if xs == nil || gs == nil {
			c.Set(0, c.InType(0), nil)
			return nil
		}
		if len(xs) < 3 || len(gs) != len(xs) {
			return fmt.Errorf("grid %v does not fit input %v", gs, xs)
		}
		if n, ok := gs[len(gs)-1].Int(); ok && int(n) != len(xs)-2 {
			return fmt.Errorf("grid %v holds %d coordinates for %d axes", gs, n, len(xs)-2)
		}
		c.Set(0, c.InType(0), append(ir.Shape{xs[0], xs[1]}, gs[1:len(gs)-1]...))
		return nil
	},
	Eval:      evalGridSample,
	Decompose: decomposeGridSample,
	// Before opset 20 the modes are called bilinear and bicubic.
	FromONNX: func(s *op.Src) error {
		attrs := s.AttrsOf("align_corners", "mode", "padding_mode")
		switch attrs["mode"] {
		case "bilinear":
			attrs["mode"] = "linear"
		case "bicubic":
			attrs["mode"] = "cubic"
		}
		return s.Lower("GridSample", attrs, s.Inputs...)
	},
}

// grid is a GridSample with all sizes known.
type grid struct {
	dims          []int // spatial sizes of the input
	mode, padding string
	align         bool
}

func evalGridSample(c *op.EvalCtx) error {
	x, pos := c.Arg(0), c.Arg(1)
	if x == nil || pos == nil || !x.DType().IsFloat() || !pos.DType().IsFloat() {
		return fmt.Errorf("wants floating-point input and grid")
	}
	xs, gs := x.Shape(), pos.Shape()
	axes := len(xs) - 2
	if axes < 1 || len(gs) != len(xs) || gs[len(gs)-1] != axes || gs[0] != xs[0] {
		return fmt.Errorf("grid %v does not fit input %v", gs, xs)
	}
	g := &grid{dims: xs[2:], mode: c.Str("mode", "linear"), padding: c.Str("padding_mode", "zeros"), align: c.Int("align_corners", 0) != 0}
	switch g.padding {
	case "zeros", "border", "reflection":
	default:
		return fmt.Errorf("padding_mode %q is not one of zeros, border, reflection", g.padding)
	}
	switch g.mode {
	case "nearest", "linear", "cubic":
	default:
		return fmt.Errorf("mode %q is not one of nearest, linear, cubic", g.mode)
	}
	shape := append([]int{xs[0], xs[1]}, gs[1:len(gs)-1]...)
	total, err := tensor.NumElements(shape)
	if err != nil {
		return err
	}
	size, points := 1, 1
	for _, d := range g.dims {
		if d == 0 {
			return fmt.Errorf("input %v has no elements to read", xs)
		}
		size *= d
	}
	for _, d := range shape[2:] {
		points *= d
	}
	in, at, y := x.Float64s(), pos.Float64s(), make([]float64, total)
	tensor.Parallel(xs[0]*points, 256, func(lo, hi int) {
		for p := lo; p < hi; p++ {
			n, k := p/points, p%points
			index, weight := g.taps(at[p*axes:][:axes])
			for ch := range xs[1] {
				plane := in[(n*xs[1]+ch)*size:][:size]
				sum := 0.0
				for i, j := range index {
					sum += weight[i] * plane[j]
				}
				y[(n*xs[1]+ch)*points+k] = sum
			}
		}
	})
	c.Out[0], err = tensor.FromFloat64s(x.DType(), y, shape...)
	return err
}

// taps lists the elements of a plane, and their weights, that one grid point
// reads. Elements outside are left out with zeros padding.
func (g *grid) taps(point []float64) (index []int, weight []float64) {
	index, weight = []int{0}, []float64{1}
	for d, size := range g.dims {
		at, w := g.along(point[len(point)-1-d], size)
		var ni []int
		var nw []float64
		for i, base := range index {
			for j, a := range at {
				if a = g.place(a, size); a >= 0 {
					ni, nw = append(ni, base*size+a), append(nw, weight[i]*w[j])
				}
			}
		}
		index, weight = ni, nw
	}
	return index, weight
}

// bounds are the coordinates of the input's edges along an axis.
func (g *grid) bounds(size int) (lo, hi float64) {
	if g.align {
		return 0, float64(size - 1)
	}
	return -0.5, float64(size) - 0.5
}

// along gives positions and weights along one axis.
func (g *grid) along(v float64, size int) (at []int, w []float64) {
	x := ((v+1)*float64(size) - 1) / 2
	if g.align {
		x = (v + 1) / 2 * float64(size-1)
	}
	if g.mode == "nearest" {
		x = math.RoundToEven(x)
	}
	// Cubic interpolation moves each element that it reads into the input by
	// itself, as PyTorch and ONNX Runtime do; the others move the coordinate.
	if lo, hi := g.bounds(size); g.mode != "cubic" && (x < lo || x > hi) {
		switch g.padding {
		case "border":
			x = math.Max(0, math.Min(x, float64(size-1)))
		case "reflection":
			x = reflect(x, lo, hi)
		}
	}
	// Far or undefined coordinates must not overflow an integer.
	if !(math.Abs(x) < 1<<30) {
		x = math.Copysign(1<<30, x)
	}
	first := math.Floor(x)
	f, i := x-first, int(first)
	switch g.mode {
	case "nearest":
		return []int{int(x)}, []float64{1}
	case "linear":
		return []int{i, i + 1}, []float64{1 - f, f}
	}
	k := sampling{kind: "cubic", cubicA: -0.75}
	return []int{i - 1, i, i + 1, i + 2}, []float64{k.weight(f + 1), k.weight(f), k.weight(1 - f), k.weight(2 - f)}
}

// place moves position i into the input; -1 means that it reads zero.
func (g *grid) place(i, size int) int {
	if i >= 0 && i < size {
		return i
	}
	switch g.padding {
	case "zeros":
		return -1
	case "reflection":
		lo, hi := g.bounds(size)
		i = int(reflect(float64(i), lo, hi))
	}
	return max(0, min(i, size-1))
}

// reflect folds x back and forth between lo and hi.
func reflect(x, lo, hi float64) float64 {
	span := hi - lo
	if span <= 0 {
		return lo
	}
	d := math.Abs(math.Mod(x-lo, 2*span))
	if d > span {
		d = 2*span - d
	}
	return lo + d
}
