package quantize

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// layerCase is one product with inputs to learn from and others to judge by.
type layerCase struct {
	n     *ir.Node
	s     *patches
	tests *patches
}

// newCase makes a layer of op whose weights have the given shape, with inputs
// that draw gives.
func newCase(t *testing.T, op string, attrs ir.Attrs, weights, input []int, inputs int, draw func(rng *rand.Rand, x []float32)) layerCase {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 8))
	g := ir.New("layer")
	x := g.AddInput("x", tensor.Float32, ir.Dims(toInt64(input)...))
	w := tensor.New(tensor.Float32, weights...)
	for i := range tensor.View[float32](w) {
		tensor.View[float32](w)[i] = float32(rng.NormFloat64())
	}
	n := g.AddNode(op, "layer", attrs, []*ir.Value{x, g.AddConst("w", w)}, "y")
	if err := ops.Registry().Infer(n); err != nil {
		t.Fatal(err)
	}
	g.Outputs = n.Outputs
	c := layerCase{n: n}
	for _, to := range []**patches{&c.s, &c.tests} {
		found := NewPlan(g, Defaults(ONNXRuntime)).collects(inputs)
		if *to = found[n]; *to == nil {
			t.Fatal("no patches are collected")
		}
		for range inputs {
			v := tensor.New(tensor.Float32, input...)
			draw(rng, tensor.View[float32](v))
			(*to).take(v, tensor.View[float32](v))
		}
	}
	return c
}

func toInt64(v []int) []int64 {
	out := make([]int64, len(v))
	for i, x := range v {
		out[i] = int64(x)
	}
	return out
}

// round gives the compensated integers and their error over that of the nearest
// ones, on inputs that had no part.
func (c layerCase) round(t *testing.T) (q []int8, ratio float64) {
	t.Helper()
	o := Defaults(ONNXRuntime)
	comp := &compensator{context.Background(), ops.Registry(), o}
	q, err := comp.layer(c.n, c.s, false)
	if err != nil {
		t.Fatal(err)
	}
	m := matrixOf(c.n.In(1).Const, outputAxis(c.n), true)
	nearest, scales := quantizeWeights(m, 127, false, nil)
	if q == nil {
		return nil, 1
	}
	depth, groups := m.outer*m.inner, int(c.n.Int("group", 1))
	var of [2]float64
	for ch := range m.channels {
		for i, ints := range [][]int8{nearest, q} {
			var e []float64
			m.each(ch, func(at int, run []float32) {
				for k, x := range run {
					e = append(e, float64(x)-float64(ints[at+k])*float64(scales[ch]))
				}
			})
			first := ch / (m.channels / groups) * depth
			for _, rows := range c.tests.inputs {
				for r := 0; r < len(rows); r += c.tests.width {
					sum := 0.0
					for k, d := range e {
						sum += d * float64(rows[r+first+k])
					}
					of[i] += sum * sum
				}
			}
		}
	}
	return q, of[1] / of[0]
}

// correlated draws neighbours that are much alike.
func correlated(rng *rand.Rand, x []float32) {
	level := rng.NormFloat64()
	for i := range x {
		level = 0.9*level + 0.3*rng.NormFloat64()
		x[i] = float32(level)
	}
}

// TestCompensation: where inputs are correlated, rounding together loses clearly
// less of what comes out than rounding each weight to the nearest integer.
func TestCompensation(t *testing.T) {
	for name, c := range map[string]struct {
		op             string
		attrs          ir.Attrs
		weights, input []int
		most           float64
	}{
		"MatMul":            {"MatMul", nil, []int{40, 24}, []int{256, 40}, 0.4},
		"MatMul, long rows": {"MatMul", nil, []int{150, 8}, []int{512, 150}, 0.4},
		"Gemm":              {"Gemm", ir.Attrs{"transB": int64(1)}, []int{24, 40}, []int{256, 40}, 0.4},
		"Conv":              {"Conv", ir.Attrs{"pads": []int64{1, 1, 1, 1}, "strides": []int64{2, 1}}, []int{8, 3, 3, 3}, []int{1, 3, 24, 24}, 0.75},
		"Conv in groups":    {"Conv", ir.Attrs{"group": int64(3), "pads": []int64{1, 1, 1, 1}}, []int{6, 2, 3, 3}, []int{1, 6, 16, 16}, 0.7},
		"Conv by depth":     {"Conv", ir.Attrs{"group": int64(6), "dilations": []int64{2, 2}}, []int{6, 1, 3, 3}, []int{1, 6, 24, 24}, 0.9},
		"Conv of lines":     {"Conv", ir.Attrs{}, []int{8, 3, 5}, []int{1, 3, 300}, 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			l := newCase(t, c.op, c.attrs, c.weights, c.input, 8, correlated)
			q, ratio := l.round(t)
			if ratio > c.most {
				t.Errorf("%.2f of the error is left, want at most %.2f", ratio, c.most)
			}
			if again, _ := l.round(t); !reflect.DeepEqual(q, again) {
				t.Error("the second time the integers are others")
			}
		})
	}
}

// TestCompensationOfNoise: independent inputs of one strength leave nothing to
// gain; what rounding together gives is hardly worse, channel by channel.
func TestCompensationOfNoise(t *testing.T) {
	l := newCase(t, "MatMul", nil, []int{16, 8}, []int{512, 16}, 8, func(rng *rand.Rand, x []float32) {
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
	})
	if _, ratio := l.round(t); ratio > 1.02 {
		t.Errorf("the error grows to %.3f", ratio)
	}
}

// TestNearestPlaneOfIdentity: with uncorrelated inputs it is plain rounding.
func TestNearestPlaneOfIdentity(t *testing.T) {
	const k, count = 130, 5
	c := &compensator{context.Background(), ops.Registry(), Defaults(ONNXRuntime)}
	l := make([]float32, k*k)
	for i := range k {
		l[i*k+i] = 2
	}
	rng := rand.New(rand.NewPCG(1, 2))
	w, scales := make([]float32, k*count), []float32{0.1, 0.2, 0.3, 0.4, 0.01}
	for i := range w {
		w[i] = float32(rng.NormFloat64())
	}
	e, err := c.nearestPlane(l, w, scales, k, count, 127)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range w {
		s := scales[i%count]
		if want := x - float32(math.RoundToEven(float64(min(max(x/s, -127), 127))))*s; math.Abs(float64(e[i]-want)) > 1e-5 {
			t.Fatalf("weight %d: %g is left of %g, want %g", i, e[i], x, want)
		}
	}
}

// TestCholesky: L times its transpose is the matrix, over several blocks, and a
// matrix that is not positive definite is refused.
func TestCholesky(t *testing.T) {
	const k = 150
	c := &compensator{context.Background(), ops.Registry(), Defaults(ONNXRuntime)}
	rng := rand.New(rand.NewPCG(3, 4))
	x := make([]float32, 200*k)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	h, err := c.mul(x, x, k, k, 200, true)
	if err != nil {
		t.Fatal(err)
	}
	l := append([]float32{}, h...)
	if ok, err := c.cholesky(l, k); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for i := range k {
		for j := range i + 1 {
			sum := 0.0
			for n := range j + 1 {
				sum += float64(l[i*k+n]) * float64(l[j*k+n])
			}
			if math.Abs(sum-float64(h[i*k+j])) > 0.05 {
				t.Fatalf("at %d, %d: %g, want %g", i, j, sum, h[i*k+j])
			}
		}
	}
	h[70*k+70] = -1
	if ok, _ := c.cholesky(h, k); ok {
		t.Error("a matrix that is not positive definite has a factor")
	}
}

// TestCompensationWithoutData: inputs that are always zero, few directions, too
// few rows and values that are not numbers change nothing or nothing for the
// worse.
func TestCompensationWithoutData(t *testing.T) {
	few := func(rng *rand.Rand, x []float32) { // rank 1, and a channel without data
		a := float32(rng.NormFloat64())
		for i := range x {
			if x[i] = a * float32(i%40+1); i%40 == 7 {
				x[i] = 0
			}
		}
	}
	l := newCase(t, "MatMul", nil, []int{40, 24}, []int{256, 40}, 8, few)
	if _, ratio := l.round(t); ratio > 0.2 {
		t.Errorf("of inputs in one direction %.2f of the error is left", ratio)
	}
	l = newCase(t, "MatMul", nil, []int{40, 24}, []int{256, 40}, 8, func(*rand.Rand, []float32) {})
	if q, _ := l.round(t); q != nil {
		t.Error("zeros say something of the weights")
	}
	l = newCase(t, "MatMul", nil, []int{40, 24}, []int{256, 40}, 8, correlated)
	for i := range l.s.inputs {
		l.s.inputs[i] = l.s.inputs[i][:40]
	}
	if q, _ := l.round(t); q != nil {
		t.Error("8 rows say something of 40 weights")
	}
	l = newCase(t, "MatMul", nil, []int{40, 24}, []int{256, 40}, 8, func(_ *rand.Rand, x []float32) { x[0] = float32(math.NaN()) })
	if q, _ := l.round(t); q != nil {
		t.Error("what is no number says something of the weights")
	}
}

// TestCompensationCancelled: it ends with its context.
func TestCompensationCancelled(t *testing.T) {
	l := newCase(t, "MatMul", nil, []int{150, 24}, []int{512, 150}, 8, correlated)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := &compensator{ctx, ops.Registry(), Defaults(ONNXRuntime)}
	if _, err := c.layer(l.n, l.s, false); err == nil {
		t.Error("a cancelled compensation goes on")
	}
}

// TestWindow: rows of a convolution's input are what its weights are multiplied
// with.
func TestWindow(t *testing.T) {
	for name, c := range map[string]struct {
		attrs          ir.Attrs
		weights, input []int
	}{
		"plain":   {ir.Attrs{}, []int{2, 3, 3, 2}, []int{2, 3, 6, 5}},
		"borders": {ir.Attrs{"pads": []int64{1, 0, 2, 1}, "strides": []int64{2, 1}, "dilations": []int64{1, 2}}, []int{2, 3, 3, 2}, []int{1, 3, 6, 5}},
		"groups":  {ir.Attrs{"group": int64(3), "pads": []int64{1, 1}}, []int{3, 1, 3}, []int{1, 3, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			x, w := noise(1, 1, c.input...), noise(2, 1, c.weights...)
			g := ir.New("layer")
			n := g.AddNode("Conv", "layer", c.attrs, []*ir.Value{g.AddInput("x", tensor.Float32, ir.Dims(toInt64(c.input)...)), g.AddConst("w", w)}, "y")
			if err := ops.Registry().Infer(n); err != nil {
				t.Fatal(err)
			}
			want, err := ops.Registry().EvalNode(n, []*tensor.Tensor{x, w})
			if err != nil {
				t.Fatal(err)
			}
			r, ok := newWindow(n)
			if !ok {
				t.Fatal("the window is not read")
			}
			positions := r.positions(c.input)
			at := make([]int, positions)
			for i := range at {
				at[i] = i
			}
			width := c.input[1] * r.taps()
			rows := make([]float32, positions*width)
			r.cut(x.Float32s(), c.input, at, rows)
			groups := int(n.Int("group", 1))
			depth, channels := width/groups, c.weights[0]
			y, plane := want[0].Float32s(), want[0].Len()/channels/c.input[0]
			for p := range positions {
				for ch := range channels {
					sum := float32(0)
					for k, v := range rows[p*width+ch/(channels/groups)*depth:][:depth] {
						sum += v * w.Float32s()[ch*depth+k]
					}
					if got := y[(p/plane*channels+ch)*plane+p%plane]; math.Abs(float64(got-sum)) > 1e-4 {
						t.Fatalf("position %d, channel %d: %g, want %g", p, ch, sum, got)
					}
				}
			}
		})
	}
}
