package openvino

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/float16"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// TestRecurrent runs the recurrent layers on OpenVINO: natively where it has
// them, as a TensorIterator where the form or a weight that is not constant asks
// for that.
func TestRecurrent(t *testing.T) {
	testkit.Python(t)
	reg := all.Registry()
	const steps, batch, width, hidden = 5, 3, 4, 2
	gates := map[string]int{"RNN": 1, "GRU": 3, "LSTM": 4}
	type form struct {
		op, direction string
		attrs         ir.Attrs
		lens, initial bool
		open          bool // sizes are symbols, weights inputs
		native        bool
		half          bool // weights are stored in 16 bits
	}
	var forms []form
	for _, name := range []string{"RNN", "GRU", "LSTM"} {
		for i, d := range []string{"forward", "reverse", "bidirectional"} {
			forms = append(forms,
				form{name, d, ir.Attrs{"linear_before_reset": int64(i % 2)}, false, i != 1, false, true, false},
				form{name, d, ir.Attrs{"linear_before_reset": int64(1 - i%2)}, true, i == 1, false, true, i == 2},
				form{name, d, nil, true, true, true, false, false})
		}
	}
	forms = append(forms,
		form{"LSTM", "forward", ir.Attrs{"input_forget": int64(1)}, false, false, false, false, false},
		form{"GRU", "reverse", ir.Attrs{"clip": 0.3}, false, true, false, false, false},
		form{"RNN", "forward", ir.Attrs{"activations": []string{"Elu"}}, true, true, false, false, false})
	var jobs []testkit.Job
	var wants [][]*tensor.Tensor
	var names [][]string
	dir := t.TempDir()
	for i, f := range forms {
		g := ir.New("layer")
		feeds := map[string]*tensor.Tensor{}
		value := func(name string, constant bool, dims ...int) *ir.Value {
			x, err := ir.Noise(tensor.Float32, uint64(10*i+len(name)+len(dims)), dims...)
			if err != nil {
				t.Fatal(err)
			}
			if constant {
				return g.AddConst(name, x)
			}
			feeds[name] = x
			shape := ir.Dims(dims...)
			if f.open && len(dims) == 3 && name == "X" {
				shape[0], shape[1] = ir.Symbol("T"), ir.Symbol("B")
			}
			return g.AddInput(name, tensor.Float32, shape)
		}
		dirs := 1
		if f.direction == "bidirectional" {
			dirs = 2
		}
		rows := gates[f.op] * hidden
		in := []*ir.Value{
			value("X", false, steps, batch, width), value("W", !f.open, dirs, rows, width), value("R", !f.open, dirs, rows, hidden),
			value("B", !f.open, dirs, 2*rows), nil, nil,
		}
		if f.lens {
			in[4] = g.AddConst("lens", tensor.Of([]int32{2, steps, 4}, batch))
		}
		if f.initial {
			in[5] = value("first", false, dirs, batch, hidden)
		}
		for in[len(in)-1] == nil {
			in = in[:len(in)-1]
		}
		attrs := ir.Attrs{"direction": f.direction, "hidden_size": int64(hidden)}
		for k, v := range f.attrs {
			if reg.Get(f.op).Attr(k) != nil {
				attrs[k] = v
			}
		}
		outs := []string{"Y", "Y_h"}
		if f.op == "LSTM" {
			outs = append(outs, "Y_c")
		}
		n := g.AddNode(f.op, "node", attrs, in, outs...)
		n.Origin = []string{"node"}
		g.Outputs = append(g.Outputs, n.Outputs...)
		if err := reg.Infer(n); err != nil {
			t.Fatal(err)
		}
		if f.half {
			o := float16.Defaults()
			o.Smallest = 1
			if _, err := float16.Pass.Run1(context.Background(), g, reg, o, nil); err != nil {
				t.Fatal(err)
			}
			n = g.Nodes[len(g.Nodes)-1]
		}
		wants = append(wants, testkit.Compute(t, g, reg, feeds))
		if why := (Target{}).Legal(n, target.Options{}); (why == nil) != f.native {
			t.Errorf("%+v: native: %v", f, why)
		}
		if l := legalize.Run(context.Background(), g, reg, Target{}, target.Options{}); l.Err() != nil {
			t.Fatalf("%+v: %v", f, l)
		}
		a, err := Target{}.Write(context.Background(), g, dir, target.Options{Name: fmt.Sprint("m", i)})
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		jobs = append(jobs, testkit.Job{Runtime: "openvino", Model: filepath.Join(dir, a.Files[0]), Inputs: feeds})
		names = append(names, outs)
	}
	for i, r := range testkit.Vendor(t, jobs) {
		if r.Err != "" {
			t.Errorf("%+v: %.300s", forms[i], r.Err)
			continue
		}
		for k, name := range names[i] {
			if err := testkit.Compare(r.Outputs[name], wants[i][k], op.Tolerance{Abs: 2e-5, Rel: 1e-4}); err != nil {
				t.Errorf("%+v: %s: %v", forms[i], name, err)
			}
		}
	}
}
