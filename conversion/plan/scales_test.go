package plan_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	opsall "slipway/conversion/ops/all"
	"slipway/conversion/plan"
	"slipway/conversion/source"
	sourceall "slipway/conversion/source/all"
	"slipway/conversion/target"
	targetall "slipway/conversion/target/all"
	"slipway/conversion/target/coreml"
	"slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
)

// unscaled writes a model between integers that are read with a scale that is not a
// number, or is once the root of it is taken.
func unscaled(t *testing.T, root bool) string {
	t.Helper()
	g := ir.New("g")
	x := g.AddInput("x", tensor.Float32, ir.Dims(1, 4))
	step, zero := g.AddConst("step", tensor.Scalar(float32(0.1))), g.AddConst("zero", tensor.Scalar(int8(3)))
	q := g.AddNode("QuantizeLinear", "quantize", nil, []*ir.Value{x, step, zero}, "q").Outputs[0]
	scale := g.AddConst("scale", tensor.Scalar(float32(math.NaN())))
	if root {
		scale = g.AddConst("square", tensor.Scalar(float32(-2)))
		scale = g.AddNode("Sqrt", "root", nil, []*ir.Value{scale}, "scale").Outputs[0]
	}
	g.Outputs = g.AddNode("DequantizeLinear", "dequantize", nil, []*ir.Value{q, scale, zero}, "y").Outputs
	return write(t, g, onnx.Target{})
}

func write(t *testing.T, g *ir.Graph, to target.Target) string {
	t.Helper()
	reg, ctx, dir, o := opsall.Registry(), context.Background(), t.TempDir(), target.Options{Name: "m", Registry: opsall.Registry()}
	err := reg.InferGraph(g)
	if err == nil {
		_, err = to.Prepare(ctx, g, reg, o)
	}
	if err == nil {
		var a *target.Artefact
		if a, err = to.Write(ctx, g, dir, o); err == nil {
			return filepath.Join(dir, a.Files[0])
		}
	}
	t.Fatal(err)
	return ""
}

// about reports whether l is one error on a scale of the layer in the file.
func about(l diag.List, file, layer string) bool {
	e := l.Errors()
	return len(e) == 1 && e[0].Code == op.ScaleCode && e[0].File == file && e[0].Layer == layer && e[0].Suggestion != ""
}

// TestScalesWithoutMeaning: a scale that is no number ends as one error that names the
// file, the layer and a cure, whatever the target, and nothing is written.
func TestScalesWithoutMeaning(t *testing.T) {
	ctx, reg := context.Background(), opsall.Registry()
	for _, root := range []bool{false, true} {
		path := unscaled(t, root)
		m, err := sourceall.Open(ctx, path, source.Options{Registry: reg})
		switch {
		case root && err != nil:
			t.Fatal(err) // it takes computing to see it
		case root:
			_ = m.Close()
		case !about(diag.FromError("", err), path, "dequantize"):
			t.Errorf("read: %v", err)
		}
		for _, to := range targetall.Targets() {
			dir := t.TempDir()
			q := plan.Request{Model: path, Target: to.Info().Name, Dir: dir, Name: "m", Recipe: plan.Default()}
			r, err := plan.Run(ctx, q, plan.Env{Registry: reg, Open: sourceall.Open, Target: targetall.Get, Targets: targetall.Targets()}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.OK || !about(r.Findings, path, "dequantize") {
				t.Errorf("%s, root %v: %v", q.Target, root, r.Findings)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%s, root %v: left %v", q.Target, root, left)
			}
		}
	}
}

// TestScalesInspected: who only looks at the model sees it, with the finding.
func TestScalesInspected(t *testing.T) {
	path := unscaled(t, false)
	m, err := sourceall.Open(context.Background(), path, source.Options{Registry: opsall.Registry(), KeepUnknown: true})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if len(m.Graph.Nodes) != 2 || !about(m.Findings, path, "dequantize") {
		t.Errorf("%d layers, %v", len(m.Graph.Nodes), m.Findings)
	}
}

// TestScalesOfPackages: Core ML packages are looked at as well.
func TestScalesOfPackages(t *testing.T) {
	g := ir.New("g")
	x := g.AddInput("x", tensor.Float32, ir.Dims(1, 64))
	scale := tensor.New(tensor.Float32, 32)
	for i := range tensor.View[float32](scale) {
		tensor.View[float32](scale)[i] = 0.01
	}
	tensor.View[float32](scale)[7] = float32(math.Inf(1))
	w := g.AddNode("DequantizeLinear", "weights", ir.Attrs{"axis": int64(1)}, []*ir.Value{
		g.AddConst("w", tensor.New(tensor.Int8, 64, 32)), g.AddConst("scale", scale), g.AddConst("zero", tensor.New(tensor.Int8, 32)),
	}, "wide").Outputs[0]
	g.Outputs = g.AddNode("MatMul", "product", nil, []*ir.Value{x, w}, "y").Outputs
	path := write(t, g, coreml.Target{})
	_, err := sourceall.Open(context.Background(), path, source.Options{Registry: opsall.Registry()})
	if l := diag.FromError("", err); len(l) != 1 || l[0].Code != op.ScaleCode || l[0].File != path {
		t.Errorf("%v", err)
	}
}
