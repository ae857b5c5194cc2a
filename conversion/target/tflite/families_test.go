package tflite

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	passall "slipway/conversion/pass/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/pass/recognise"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
)

// families are the networks, as `make models` exports them, that must run
// channels-last from end to end, with the number of transpositions that are the
// network's own: those of queries, keys, values and results, and of ShuffleNet.
var families = map[string]int{
	"mobilenet_v2": 0, "mobilenet_v3_small": 0, "mobilenet_v3_large": 0, "resnet18": 0, "resnet50": 0, "regnet": 0,
	"efficientnet_b0": 0, "yolo": 0, "convnext_t": 0, "deeplabv3": 0, "densenet121": 0, "inception_v3": 0, "vit_b_16": 48, "shufflenet_v2": 16,
}

// exported finds a network made by `make models`.
func exported(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("STUDIO_MODELS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", ".cache", "models")
	}
	path := filepath.Join(dir, name+".onnx")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there: make models", path)
	}
	return path
}

// TestFamilies: no tensor inside the networks of today's families is transposed,
// whichever exporter they come from.
func TestFamilies(t *testing.T) {
	for name, own := range families {
		for _, exporter := range []string{"", ".script"} {
			t.Run(name+exporter, func(t *testing.T) {
				path := exported(t, name+exporter)
				if info, err := os.Stat(path); err == nil && info.Size() > 50<<20 && testing.Short() {
					t.Skip("large")
				}
				w := written(t, path)
				for _, m := range w.plan.Moves {
					if m.Value.Node() != nil && !w.g.IsOutput(m.Value) {
						t.Errorf("%q is transposed: %s", m.Value.Name, m.Reason)
					}
					if m.Reason == "" {
						t.Errorf("%q is transposed for no reason", m.Value.Name)
					}
				}
				transposes := 0
				for _, o := range w.m.Operators {
					if o.Code == fb.Transpose {
						transposes++
					}
				}
				if most := len(w.plan.Moves) + own; transposes > most {
					t.Errorf("%d transpositions, want at most %d", transposes, most)
				}
			})
		}
	}
}

// written builds the file of a model without its bytes.
func written(t *testing.T, path string) *writer {
	t.Helper()
	ctx, reg := context.Background(), all.Registry()
	m, err := onnx.Source{}.Open(ctx, path, source.Options{Registry: reg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if _, err := passall.Simplify(ctx, m.Graph, reg, nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	o := target.Options{Name: "m", Registry: reg}
	restore := recognise.Restore(func(n *ir.Node) bool { return Target{}.Legal(n, o) == nil })
	if _, err := restore.Run1(ctx, m.Graph, reg, nil, nil); err != nil {
		t.Fatal(err)
	}
	if f := legalize.Run(ctx, m.Graph, reg, Target{}, o); f.Err() != nil {
		t.Fatal(f)
	}
	w := newWriter(m.Graph, o)
	if err := w.build(ctx); err != nil {
		t.Fatal(err)
	}
	return w
}
