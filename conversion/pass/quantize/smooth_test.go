package quantize

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// tokens is a normalisation, some of whose channels are far larger than the others,
// before two products; shared: a residual sum reads it as well.
func tokens(t *testing.T, outliers, shared bool) *ir.Graph {
	b := &builder{t, ir.New("tokens")}
	x := b.g.AddInput("x", tensor.Float32, ir.Dims(1, 32, 24))
	scale := noise(1, 0.1, 24)
	for i := range tensor.View[float32](scale) {
		tensor.View[float32](scale)[i]++
	}
	if outliers {
		tensor.View[float32](scale)[3], tensor.View[float32](scale)[17] = 60, -90
	}
	norm := b.add("LayerNormalization", "norm", ir.Attrs{"axis": int64(-1)}, x, b.g.AddConst("scale", scale), b.g.AddConst("bias", noise(2, 0.1, 24)))
	weights := func(name string, seed uint64) *ir.Value {
		w := noise(seed, 0.3, 24, 24)
		if outliers { // as training leaves them: what is large is weighed little
			for _, row := range []int{3, 17} {
				for i := range 24 {
					tensor.View[float32](w)[row*24+i] /= 40
				}
			}
		}
		return b.g.AddConst(name, w)
	}
	up := b.add("MatMul", "up", nil, norm, weights("w_up", 3))
	gate := b.add("MatMul", "gate", nil, norm, weights("w_gate", 4))
	y := b.add("Add", "sum", nil, b.add("Gelu", "gelu", nil, up), gate)
	if shared {
		y = b.add("Add", "residual", nil, b.add("MatMul", "down", nil, y, b.g.AddConst("w_down", noise(5, 0.3, 24, 24))), norm)
	}
	b.g.Outputs = []*ir.Value{y}
	return b.g
}

func autoOn(t *testing.T, g *ir.Graph, p *Profile, in []*tensor.Tensor) (*Options, []Trial) {
	t.Helper()
	given := Defaults(p)
	given.HistogramInputs = 4
	o, trials, err := Auto(context.Background(), g, ops.Registry(), given, referenceRunner{t}, each(in), nil)
	if err != nil {
		t.Fatal(err)
	}
	return o, trials
}

// TestSmoothing: channels that are always larger leave the others their steps. What
// nothing else reads costs no operator, and otherwise a multiplication stays in
// float ahead of the integers.
func TestSmoothing(t *testing.T) {
	in := samples(16, 1, 32, 24)
	for _, p := range []*Profile{ONNXRuntime, OpenVINO, TFLite, TensorRT} {
		for _, shared := range []bool{false, true} {
			name := p.Name
			if shared {
				name += " shared"
			}
			t.Run(name, func(t *testing.T) {
				g := tokens(t, true, shared)
				o, trials := autoOn(t, g, p, in)
				plain, smoothed := math.Inf(-1), math.Inf(-1)
				for _, x := range trials {
					if strings.Contains(x.Method, smoothTitle) {
						smoothed = max(smoothed, x.SQNR)
					} else {
						plain = max(plain, x.SQNR)
					}
				}
				if o.smooth == nil || !(smoothed > plain+5) {
					t.Fatalf("smoothing gains nothing: %v", trials)
				}
				apply(t, Static, g, o)
				muls := 0
				for _, n := range g.Nodes {
					if n.Op != "Mul" {
						continue
					}
					muls++
					if by := n.In(0).Node(); by == nil || by.Op != "LayerNormalization" || !n.In(1).IsConst() || n.Out(0).Uses()[0].Node.Op != "QuantizeLinear" {
						t.Errorf("%s reads and gives others than floats", n.Name)
					}
				}
				if want := map[bool]int{true: 1}[shared]; muls != want {
					t.Errorf("%d multiplications, not %d: %s", muls, want, sketch(g))
				}
			})
		}
	}
}

// TestNoSmoothing: where all channels are alike nothing is smoothed.
func TestNoSmoothing(t *testing.T) {
	g := tokens(t, false, true)
	if _, trials := autoOn(t, g, TFLite, samples(16, 1, 32, 24)); slices.ContainsFunc(trials, func(x Trial) bool { return strings.Contains(x.Method, smoothTitle) }) {
		t.Errorf("smoothed for nothing: %v", trials)
	}
}

// smoothed finds the smoothing of g, with patches of 16 inputs.
func smoothed(t *testing.T, g *ir.Graph) (*Options, map[*ir.Node]*patches) {
	t.Helper()
	o := Defaults(ONNXRuntime)
	o.Method, o.HistogramInputs = "minmax", 16
	o.memo = &memo{}
	histograms := *o
	histograms.Method = "percentile"
	m, err := measure(context.Background(), g, ops.Registry(), &histograms, referenceRunner{t}, each(samples(16, 1, 32, 24)), nil, trialBytes)
	if err != nil {
		t.Fatal(err)
	}
	if o.smooth, err = smooth(context.Background(), g, ops.Registry(), o, m.patches); err != nil || o.smooth == nil {
		t.Fatal("nothing is smoothed", err)
	}
	if err := m.again(context.Background(), g, ops.Registry(), o, referenceRunner{t}); err != nil {
		t.Fatal(err)
	}
	o.Stats = m.stats
	return o, m.patches
}

// TestSmoothedIsTheSame: in floats nothing changes, also where the names are taken.
func TestSmoothedIsTheSame(t *testing.T) {
	for _, shared := range []bool{false, true} {
		g := tokens(t, true, shared)
		g.RenameValue(g.Inputs[0], "norm_y_smooth")
		o, _ := smoothed(t, g)
		copied, err := o.smooth.applied(g, ops.Registry())
		if err != nil {
			t.Fatal(err)
		}
		in := map[string]*tensor.Tensor{"norm_y_smooth": noise(77, 1, 1, 32, 24)}
		want, err := testkit.Eval(ops.Registry(), g, in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := testkit.Eval(ops.Registry(), copied, in)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range want[0].Float64s() {
			if d := math.Abs(got[0].Float64s()[i] - w); d > 2e-5*(1+math.Abs(w)) {
				t.Fatalf("shared %v: output %d differs by %g of %g", shared, i, d, w)
			}
		}
	}
}

// TestSmoothedMeasurements: the tensors that smoothing makes have the measurements
// that calibrating the smoothed graph gives them.
func TestSmoothedMeasurements(t *testing.T) {
	g := tokens(t, true, true)
	o, _ := smoothed(t, g)
	copied, err := o.smooth.applied(g, ops.Registry())
	if err != nil {
		t.Fatal(err)
	}
	want, err := Calibrate(context.Background(), copied, ops.Registry(), o, referenceRunner{t}, each(samples(16, 1, 32, 24)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name := range o.smooth.names {
		w, got := want[name], o.Stats[name]
		if math.Abs(w.Min-got.Min) > 1e-6 || math.Abs(w.Max-got.Max) > 1e-6 || len(got.each) != 16 || len(got.Mean) != 24 || math.Abs(got.Mean[3]-w.Mean[3]) > 1e-6 {
			t.Errorf("%s: %v, not %v", name, got, w)
		}
	}
}

// TestSmoothedWeightsAreRoundedTogether: compensation sees the smoothed weights and
// inputs, and the rewrite takes what it gives.
func TestSmoothedWeightsAreRoundedTogether(t *testing.T) {
	g := tokens(t, true, false)
	o, seen := smoothed(t, g)
	rounded, err := compensate(context.Background(), g, ops.Registry(), o, seen)
	if err != nil {
		t.Fatal(err)
	}
	l := o.smooth.levels[0]
	copied, err := o.smooth.applied(g, ops.Registry())
	if err != nil {
		t.Fatal(err)
	}
	divided := o.smooth.divided(copied, seen)
	for i, n := range copied.Nodes {
		was := slices.IndexFunc(g.Nodes, func(m *ir.Node) bool { return m.Name == n.Name && m.Op == "MatMul" })
		if was < 0 {
			continue
		}
		got, want := divided[n].inputs[1], seen[g.Nodes[was]].inputs[1]
		for k := range got {
			if got[k] != want[k]/l.by[k%24] {
				t.Fatalf("layer %d: element %d of a row is %g, not %g", i, k, got[k], want[k]/l.by[k%24])
			}
		}
	}
	for _, layer := range []string{"up", "gate"} {
		q := rounded[layerKey{l.products[layer], layer}]
		if q == nil {
			t.Fatalf("the smoothed weights of %s are not rounded", layer)
		}
		nearest, scales := quantizeWeights(matrixOf(l.products[layer], 1, true), 127, false, nil)
		for i := range q {
			if d := int(q[i]) - int(nearest[i]); d < -8 || d > 8 {
				t.Fatalf("%s: weight %d became %d, nearest is %d at scale %g", layer, i, q[i], nearest[i], scales[i%24])
			}
		}
		o.rounded = rounded
		c := g.Clone()
		apply(t, Static, c, o)
		for _, n := range c.Nodes {
			if n.Name == layer && !slices.Equal(tensor.View[int8](n.In(1).Node().In(0).Const), q) {
				t.Errorf("%s has other weights than were rounded", layer)
			}
		}
	}
}
