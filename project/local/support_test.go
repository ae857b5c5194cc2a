package local

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/source"
	"slipway/conversion/testkit"
	"slipway/project"
	"slipway/project/projecttest"
)

func targetsOf(s *project.Studio) []string {
	var names []string
	for _, c := range s.Targets() {
		names = append(names, c.Info.Name)
	}
	return names
}

// TestSupportTogether: targets that are asked together, of a file or of the open
// model, say what each says alone.
func TestSupportTogether(t *testing.T) {
	names := targetsOf(machine(t).Studio("test", t.TempDir()))
	for _, file := range []string{"imagenet/efficientnet-lite0.onnx", "torch/mobilenet_v3_small_raw.onnx", "detect/yolox_nano_coco.onnx"} {
		model := filepath.Join(testkit.Zoo(t), file)
		src, err := Open(context.Background(), model, source.Options{NoMap: true, KeepUnknown: true})
		if err != nil {
			t.Fatal(err)
		}
		open := &project.Model{Path: model, Source: src, Graph: src.Graph}
		for _, precision := range []string{"fp32", "int8"} {
			q := plan.Wanted{Precision: precision}
			together, err := Support(context.Background(), model, names, nil, q)
			if err != nil || len(together) != len(names) {
				t.Fatalf("%s: %d answers, %v", file, len(together), err)
			}
			opened, err := supportOpen(context.Background(), open, names, nil, q)
			if err != nil || !reflect.DeepEqual(opened, together) {
				t.Errorf("%s, %s: open\n%+v, %v\nas a file\n%+v", file, precision, opened, err, together)
			}
			for i, name := range names {
				alone, err := Support(context.Background(), model, []string{name}, nil, q)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(alone[0], together[i]) {
					t.Errorf("%s, %s on %s: alone\n%+v\ntogether\n%+v", file, precision, name, alone[0], together[i])
				}
			}
		}
	}
}

// TestSupportRefused: an open model whose operators are not understood, and one whose
// inputs the recipe gives other shapes, is answered for like its file.
func TestSupportRefused(t *testing.T) {
	dir := t.TempDir()
	model := projecttest.Write(t, dir, "net", projecttest.Net)
	data, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	strange := filepath.Join(dir, "strange.onnx")
	if err := os.WriteFile(strange, bytes.ReplaceAll(data, []byte("Conv"), []byte("Cavn")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path   string
		shapes map[string][]int64
		ok     bool
	}{{model, nil, true}, {model, map[string][]int64{"x": {2, 1, 2, 2}}, false}, {strange, nil, false}} {
		src, err := Open(context.Background(), c.path, source.Options{NoMap: true, KeepUnknown: true})
		if err != nil {
			t.Fatal(err)
		}
		got, err := supportOpen(context.Background(), &project.Model{Path: c.path, Source: src, Graph: src.Graph}, []string{"onnx", "tflite"}, c.shapes, plan.Wanted{})
		if err != nil {
			t.Fatal(err)
		}
		want, err := Support(context.Background(), c.path, []string{"onnx", "tflite"}, c.shapes, plan.Wanted{})
		if err != nil || !reflect.DeepEqual(got, want) || got[0].OK != c.ok {
			t.Errorf("%s, %v: open\n%+v\nas a file\n%+v, %v", c.path, c.shapes, got, want, err)
		}
	}
	if _, err := Support(context.Background(), model, []string{"onnx", "none"}, nil, plan.Wanted{}); err == nil {
		t.Error("a target that is not there answers")
	}
}

// BenchmarkSupport is what a person waits for behind a changed setting: all targets
// on the largest networks of `make models`, in the window's way.
func BenchmarkSupport(b *testing.B) {
	for _, name := range []string{"light_vgg19", "vit_b_16", "encoder"} {
		model := filepath.Join("..", "..", ".cache", "models", name+".onnx")
		if _, err := os.Stat(model); err != nil {
			b.Skip("no exported networks: run make models")
		}
		for _, precision := range []string{"fp32", "fp16", "int8"} {
			b.Run(name+"/"+precision, func(b *testing.B) {
				m := New()
				defer m.Close()
				s := m.Studio("test", b.TempDir())
				defer s.Close()
				if err := s.OpenModel(context.Background(), model, ""); err != nil {
					b.Fatal(err)
				}
				names := targetsOf(s)
				layers := s.Model().Summary.Layers
				b.ResetTimer()
				for i := range b.N {
					r := s.Recipe()
					r.Precision, r.Quantize.KeepFloat = precision, []string{layers[i%len(layers)].Name}
					if err := s.SetRecipe(r); err != nil {
						b.Fatal(err)
					}
					if l, err := s.Support(context.Background(), names); err != nil || len(l) != len(names) {
						b.Fatal(l, err)
					}
				}
			})
		}
	}
}
