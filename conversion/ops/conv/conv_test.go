package conv_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// whole makes a tensor of small whole numbers, so that sums are exact in any
// order.
func whole(r *rand.Rand, shape ...int) *tensor.Tensor {
	n, _ := tensor.NumElements(shape)
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.IntN(9) - 4)
	}
	return tensor.Of(v, shape...)
}

func eval(t *testing.T, name string, attrs ir.Attrs, in ...*tensor.Tensor) *tensor.Tensor {
	t.Helper()
	out, err := all.Registry().EvalNode(&ir.Node{Name: name, Op: name, Attrs: attrs, Outputs: make([]*ir.Value, 1)}, in)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// direct is the definition of a two-dimensional convolution.
func direct(x, w *tensor.Tensor, group, sy, sx, dy, dx, top, left int, out []int) []float32 {
	xs, ws := x.Shape(), w.Shape()
	xv, wv := x.Float32s(), w.Float32s()
	y := make([]float32, out[0]*out[1]*out[2]*out[3])
	i := 0
	for n := range out[0] {
		for m := range out[1] {
			for oy := range out[2] {
				for ox := range out[3] {
					for c := range ws[1] {
						for ky := range ws[2] {
							for kx := range ws[3] {
								iy, ix := oy*sy+ky*dy-top, ox*sx+kx*dx-left
								if iy < 0 || ix < 0 || iy >= xs[2] || ix >= xs[3] {
									continue
								}
								ch := m/(ws[0]/group)*ws[1] + c
								y[i] += xv[((n*xs[1]+ch)*xs[2]+iy)*xs[3]+ix] * wv[((m*ws[1]+c)*ws[2]+ky)*ws[3]+kx]
							}
						}
					}
					i++
				}
			}
		}
	}
	return y
}

type shape2D struct {
	n, c, h, w, m, group, ky, kx, sy, sx, dy, dx, top, left, bottom, right int
}

var shapes2D = []shape2D{
	{1, 3, 9, 11, 8, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
	{2, 4, 13, 7, 6, 2, 3, 2, 2, 1, 1, 2, 0, 1, 2, 0},
	{1, 40, 17, 19, 33, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, // pointwise
	{1, 40, 17, 19, 33, 1, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0}, // pointwise, strided
	{1, 8, 12, 12, 8, 8, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1},   // depthwise
	{2, 5, 10, 9, 10, 5, 5, 3, 1, 1, 2, 1, 4, 1, 4, 1},   // depthwise, two outputs a channel
	{1, 70, 6, 6, 20, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},   // more terms than one block
	{1, 2, 3, 3, 2, 1, 3, 3, 1, 1, 1, 1, 5, 5, 5, 5},     // windows wholly in the padding
}

func (s shape2D) attrs() ir.Attrs {
	i := func(v ...int) []int64 {
		out := make([]int64, len(v))
		for j, x := range v {
			out[j] = int64(x)
		}
		return out
	}
	return ir.Attrs{"group": int64(s.group), "strides": i(s.sy, s.sx), "dilations": i(s.dy, s.dx), "pads": i(s.top, s.left, s.bottom, s.right)}
}

func TestConvIsItsDefinition(t *testing.T) {
	for _, s := range shapes2D {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			x, w := whole(r, s.n, s.c, s.h, s.w), whole(r, s.m, s.c/s.group, s.ky, s.kx)
			y := eval(t, "Conv", s.attrs(), x, w)
			want := tensor.Of(direct(x, w, s.group, s.sy, s.sx, s.dy, s.dx, s.top, s.left, y.Shape()), y.Shape()...)
			testkit.Close(t, y, want, op.Exact)
		})
	}
}

// One and three axes are two axes with others of size 1.
func TestConvRanks(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	x, w := whole(r, 2, 4, 15), whole(r, 6, 4, 3)
	attrs := ir.Attrs{"strides": []int64{2}, "pads": []int64{1, 2}}
	line := eval(t, "Conv", attrs, x, w)
	x2, _ := x.Reshape(2, 4, 1, 15)
	w2, _ := w.Reshape(6, 4, 1, 3)
	plane := eval(t, "Conv", ir.Attrs{"strides": []int64{1, 2}, "pads": []int64{0, 1, 0, 2}}, x2, w2)
	plane, _ = plane.Reshape(line.Shape()...)
	testkit.Close(t, line, plane, op.Exact)

	// A kernel of depth 2 is the sum of two plane convolutions.
	x3, w3 := whole(r, 1, 1, 2, 5, 5), whole(r, 1, 1, 2, 3, 3)
	cube := eval(t, "Conv", nil, x3, w3)
	sum := make([]float32, 9)
	for d := range 2 {
		xd := tensor.Of(x3.Float32s()[d*25:][:25], 1, 1, 5, 5)
		wd := tensor.Of(w3.Float32s()[d*9:][:9], 1, 1, 3, 3)
		for i, v := range eval(t, "Conv", nil, xd, wd).Float32s() {
			sum[i] += v
		}
	}
	testkit.Close(t, cube, tensor.Of(sum, 1, 1, 1, 3, 3), op.Exact)
}

// ConvTranspose is the adjoint of Conv: <Conv(x), y> = <x, ConvTranspose(y)>.
func TestConvTransposeIsTheAdjoint(t *testing.T) {
	for _, s := range shapes2D {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			x, w := whole(r, s.n, s.c, s.h, s.w), whole(r, s.m, s.c/s.group, s.ky, s.kx)
			cx := eval(t, "Conv", s.attrs(), x, w)
			y := whole(r, cx.Shape()...)
			attrs := s.attrs()
			o := cx.Shape()
			// What the last window leaves over.
			attrs["output_padding"] = []int64{
				int64(s.h + s.top + s.bottom - (o[2]-1)*s.sy - (s.ky-1)*s.dy - 1),
				int64(s.w + s.left + s.right - (o[3]-1)*s.sx - (s.kx-1)*s.dx - 1),
			}
			ty := eval(t, "ConvTranspose", attrs, y, w)
			if fmt.Sprint(ty.Shape()) != fmt.Sprint(x.Shape()) {
				t.Fatalf("shape %v, want %v", ty.Shape(), x.Shape())
			}
			if a, b := dot(cx, y), dot(x, ty); a != b {
				t.Errorf("<Conv(x), y> = %v, <x, ConvTranspose(y)> = %v", a, b)
			}
		})
	}
}

func dot(a, b *tensor.Tensor) (sum float64) {
	v := b.Float64s()
	for i, x := range a.Float64s() {
		sum += x * v[i]
	}
	return sum
}

func node(op string, attrs ir.Attrs, shapes ...ir.Shape) *ir.Node {
	g := ir.New("g")
	var in []*ir.Value
	for i, s := range shapes {
		in = append(in, g.AddInput(fmt.Sprint("x", i), tensor.Float32, s))
	}
	return g.AddNode(op, "n", attrs, in, "y")
}

func TestInfer(t *testing.T) {
	n, h, w := ir.Symbol("N"), ir.Symbol("H"), ir.Symbol("W")
	x := ir.Shape{n, ir.Static(3), h, w}
	for _, c := range []struct {
		op    string
		attrs ir.Attrs
		w     ir.Shape
		want  string
	}{
		{"Conv", ir.Attrs{"strides": []int64{2, 2}, "pads": []int64{1, 1, 1, 1}}, ir.Dims(8, 3, 3, 3), "[N,8,floor((H+1)/2),floor((W+1)/2)]"},
		{"Conv", ir.Attrs{"pads": []int64{1, 1, 1, 1}}, ir.Dims(8, 3, 3, 3), "[N,8,H,W]"},
		{"Conv", nil, nil, "[?]"},
		{"ConvTranspose", ir.Attrs{"strides": []int64{2, 2}}, ir.Dims(3, 8, 2, 2), "[N,8,2*H,2*W]"},
		{"ConvTranspose", ir.Attrs{"output_shape": []int64{10, 12}}, ir.Dims(3, 8, 2, 2), "[N,8,10,12]"},
	} {
		nd := node(c.op, c.attrs, x, c.w)
		if err := all.Registry().Infer(nd); err != nil {
			t.Errorf("%s: %v", c.op, err)
		} else if got := nd.Out(0).Shape.String(); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.op, c.attrs, got, c.want)
		}
	}
	for name, nd := range map[string]*ir.Node{
		"channels": node("Conv", nil, ir.Dims(1, 4, 8, 8), ir.Dims(8, 3, 3, 3)),
		"groups":   node("Conv", ir.Attrs{"group": int64(2)}, ir.Dims(1, 6, 8, 8), ir.Dims(7, 3, 3, 3)),
		"rank":     node("Conv", nil, ir.Dims(1, 3, 8), ir.Dims(8, 3, 3, 3)),
		"too big":  node("Conv", nil, ir.Dims(1, 3, 2, 2), ir.Dims(8, 3, 3, 3)),
		"bias":     node("Conv", nil, ir.Dims(1, 3, 8, 8), ir.Dims(8, 3, 3, 3), ir.Dims(7)),
	} {
		if err := all.Registry().Infer(nd); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A few bytes of attributes must not make gigabytes of output.
func TestRefusesHugeResults(t *testing.T) {
	x, w := tensor.New(tensor.Float32, 1, 1, 4, 4), tensor.New(tensor.Float32, 1, 1, 1, 1)
	big := int64(1 << 19)
	for op, attrs := range map[string]ir.Attrs{
		"Conv":          {"pads": []int64{big, big, big, big}},
		"ConvTranspose": {"output_shape": []int64{big, big}},
	} {
		if _, err := all.Registry().EvalNode(&ir.Node{Op: op, Attrs: attrs, Outputs: make([]*ir.Value, 1)}, []*tensor.Tensor{x, w}); err == nil {
			t.Errorf("%s: no error", op)
		}
	}
}
