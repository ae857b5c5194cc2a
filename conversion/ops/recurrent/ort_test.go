package recurrent_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// form is one combination of attributes and optional inputs.
type form struct {
	op            string
	attrs         ir.Attrs
	dirs          int
	bias, h, c, p bool
	lens          []int32
	constant      bool // weights are constants
}

func (f form) String() string {
	return fmt.Sprintf("%s %v bias=%v h=%v c=%v p=%v lens=%v const=%v", f.op, f.attrs, f.bias, f.h, f.c, f.p, f.lens, f.constant)
}

const steps, batch, in, hidden = 5, 3, 4, 2

var gates = map[string]int{"RNN": 1, "GRU": 3, "LSTM": 4}

// randomForm draws what ONNX Runtime has: no layout, and activations that it
// knows.
func randomForm(r *rand.Rand) form {
	names := []string{"RNN", "GRU", "LSTM"}
	f := form{op: names[r.IntN(3)], attrs: ir.Attrs{"hidden_size": int64(hidden)}, dirs: 1, bias: r.IntN(3) > 0, h: r.IntN(2) == 0, constant: r.IntN(2) == 0}
	switch r.IntN(3) {
	case 0:
		f.attrs["direction"] = "reverse"
	case 1:
		f.attrs["direction"], f.dirs = "bidirectional", 2
	}
	count := map[string]int{"RNN": 1, "GRU": 2, "LSTM": 3}[f.op]
	if r.IntN(2) == 0 {
		kinds := []string{"Relu", "Tanh", "Sigmoid", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu", "Softsign", "Softplus"}
		var list []string
		var alpha, beta []float64
		for range f.dirs * count {
			k := kinds[r.IntN(len(kinds))]
			list = append(list, k)
			switch k {
			case "Affine", "ScaledTanh", "HardSigmoid":
				alpha, beta = append(alpha, 0.25+r.Float64()), append(beta, 0.25+r.Float64())
			case "LeakyRelu", "Elu", "ThresholdedRelu":
				alpha = append(alpha, 0.1+r.Float64())
			}
		}
		f.attrs["activations"] = list
		if alpha != nil {
			f.attrs["activation_alpha"] = alpha
		}
		if beta != nil {
			f.attrs["activation_beta"] = beta
		}
	}
	if r.IntN(3) == 0 {
		f.attrs["clip"] = 0.5
	}
	switch f.op {
	case "GRU":
		f.attrs["linear_before_reset"] = int64(r.IntN(2))
	case "LSTM":
		f.c, f.p = r.IntN(2) == 0, r.IntN(2) == 0
		f.attrs["input_forget"] = int64(r.IntN(2))
	}
	if r.IntN(2) == 0 {
		f.lens = []int32{int32(1 + r.IntN(steps)), steps, int32(1 + r.IntN(steps))}
	}
	return f
}

// graph makes the node with graph inputs, except for weights that are constants.
func (f form) graph(t *testing.T, seed uint64) (*ir.Graph, map[string]*tensor.Tensor) {
	g := ir.New("layer")
	feeds := map[string]*tensor.Tensor{}
	value := func(name string, constant bool, shape ...int) *ir.Value {
		r := rand.New(rand.NewPCG(seed, uint64(len(name))+uint64(len(g.Inputs))))
		x := tensor.New(tensor.Float32, shape...)
		v := tensor.View[float32](x)
		for i := range v {
			v[i] = float32(r.NormFloat64() * 0.6)
		}
		if constant {
			return g.AddConst(name, x)
		}
		feeds[name] = x
		return g.AddInput(name, tensor.Float32, ir.Dims(shape...))
	}
	rows := gates[f.op] * hidden
	inputs := []*ir.Value{value("X", false, steps, batch, in), value("W", f.constant, f.dirs, rows, in), value("R", f.constant, f.dirs, rows, hidden), nil, nil, nil}
	if f.bias {
		inputs[3] = value("B", f.constant, f.dirs, 2*rows)
	}
	if f.lens != nil {
		inputs[4] = g.AddConst("lens", tensor.Of(f.lens, batch))
	}
	if f.h {
		inputs[5] = value("initial_h", false, f.dirs, batch, hidden)
	}
	outs := []string{"Y", "Y_h"}
	if f.op == "LSTM" {
		inputs, outs = append(inputs, nil, nil), append(outs, "Y_c")
		if f.c {
			inputs[6] = value("initial_c", false, f.dirs, batch, hidden)
		}
		if f.p {
			inputs[7] = value("P", f.constant, f.dirs, 3*hidden)
		}
	}
	for inputs[len(inputs)-1] == nil {
		inputs = inputs[:len(inputs)-1]
	}
	n := g.AddNode(f.op, "node", f.attrs, inputs, outs...)
	n.Origin = []string{"node"}
	g.Outputs = append(g.Outputs, n.Outputs...)
	if err := all.Registry().Infer(n); err != nil {
		t.Fatal(err)
	}
	return g, feeds
}

// TestAgainstORT compares random layers with ONNX Runtime: the operators' own
// arithmetic, and what they decompose into.
func TestAgainstORT(t *testing.T) {
	testkit.Python(t)
	reg, dir := all.Registry(), t.TempDir()
	r := rand.New(rand.NewPCG(5, 6))
	count := 300
	if testing.Short() {
		count = 60
	}
	var forms []form
	var graphs []*ir.Graph
	var feeds []map[string]*tensor.Tensor
	var jobs []testkit.Job
	for i := range count {
		f := randomForm(r)
		g, in := f.graph(t, uint64(i))
		a, err := onnx.Target{}.Write(context.Background(), g, dir, target.Options{Name: fmt.Sprint("layer", i)})
		if err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		forms, graphs, feeds = append(forms, f), append(graphs, g), append(feeds, in)
		jobs = append(jobs, testkit.Job{Runtime: "onnxruntime", Model: filepath.Join(dir, a.Files[0]), Inputs: in})
	}
	refused := 0
	for i, v := range testkit.Vendor(t, jobs) {
		if v.Err != "" {
			refused++
			t.Logf("%v: ONNX Runtime: %.150s", forms[i], v.Err)
			continue
		}
		g := graphs[i]
		check := func(what string) {
			got, err := testkit.Eval(reg, g, feeds[i])
			if err != nil {
				t.Errorf("%v: %s: %v", forms[i], what, err)
				return
			}
			for k, o := range g.Outputs {
				if err := testkit.Compare(got[k], v.Outputs[o.Name], op.Tolerance{Abs: 1e-5, Rel: 1e-4}); err != nil {
					t.Errorf("%v: %s: %s: %v", forms[i], what, o.Name, err)
				}
			}
		}
		check("operator")
		for range 8 {
			changed, err := testkit.Decomposed(reg, g)
			if err != nil {
				t.Errorf("%v: %v", forms[i], err)
			}
			if !changed || err != nil {
				break
			}
			check("decomposed")
		}
		if t.Failed() {
			return
		}
	}
	if refused > count/4 {
		t.Errorf("ONNX Runtime refused %d of %d layers", refused, count)
	}
}
