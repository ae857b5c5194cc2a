package mlpackage

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	schema "slipway/conversion/schema/mil"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// packageOf writes and reads a package of nothing but an interface.
func packageOf(t *testing.T, p *target.Picture, outputs ...schema.Feature) *schema.Model {
	t.Helper()
	dir := t.TempDir()
	m := &schema.Model{
		Version: 7, Meta: map[string]string{}, Outputs: outputs,
		Inputs: []schema.Feature{{Name: "x", Image: &schema.Image{Color: "RGB", Height: 1, Width: 2}}},
		Main:   &schema.Function{Opset: "CoreML6"},
	}
	if p != nil {
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		m.Meta[schema.PictureKey] = string(b)
	}
	if len(outputs) > 1 {
		m.Label, m.Scores = "label", "probs"
		m.Main.Ops = []*schema.Op{{Type: "classify", Inputs: []schema.Arg{{Name: "classes", Refs: []schema.Ref{{Value: schema.Texts([]string{"a", "b"})}}}}}}
	}
	b, err := schema.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(schema.ModelFile)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, schema.ModelFile), b, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := schema.WriteManifest(dir, b); err != nil {
		t.Fatal(err)
	}
	if m, err = Read(dir); err != nil {
		t.Fatal(err)
	}
	return m
}

// inner returns what it was given and fixed outputs.
type inner struct {
	runtimes.Session
	got  []*tensor.Tensor
	outs []*tensor.Tensor
}

func (s *inner) Inputs() []runtimes.IO {
	return []runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 3, 1, 2}}}
}

func (s *inner) Outputs() []runtimes.IO {
	return []runtimes.IO{{Name: "label"}, {Name: "probs"}, {Name: "logits"}}[:len(s.outs)]
}

func (s *inner) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	s.got = in
	return s.outs, nil
}

var (
	text   = schema.Feature{Name: "label", Kind: schema.Text}
	probs  = schema.Feature{Name: "probs", Kind: schema.Scores}
	logits = schema.Feature{Name: "logits", DType: tensor.Float32, Shape: []int64{1, 2}}
)

func TestFaceTurnsInputsIntoPixels(t *testing.T) {
	dir := packageOf(t, &target.Picture{Layout: "NHWC", Mean: []float64{0.5}, Std: []float64{0.5, 0.25, 1}, Range: 1}, logits)
	s := &inner{outs: []*tensor.Tensor{tensor.Of([]float32{1, 2}, 1, 2)}}
	f, err := NewFace(dir, "mil", s)
	if err != nil {
		t.Fatal(err)
	}
	if in := f.Inputs()[0].Shape; in[3] != 3 {
		t.Errorf("takes %v", in)
	}
	// Pixels 0, 51, 102 and 255, 204, 153 of two places, channels last.
	x := tensor.Of([]float32{-1, -1.2, -0.1, 1, 1.2, 0.1}, 1, 1, 2, 3)
	out, err := f.Run(context.Background(), []*tensor.Tensor{x})
	if err != nil || len(out) != 1 {
		t.Fatal(out, err)
	}
	if want := tensor.Of([]float32{0, 255, 51, 204, 102, 153}, 1, 3, 1, 2); !tensor.Equal(s.got[0], want) {
		t.Errorf("pixels %v, want %v", s.got[0].Float64s(), want.Float64s())
	}
	if _, err := f.Run(context.Background(), []*tensor.Tensor{tensor.Of([]float32{1, 2}, 1, 2)}); err == nil {
		t.Error("a vector is taken for a picture")
	}
}

func TestFaceHidesWhatTheClassifierAdds(t *testing.T) {
	label := func(s string) *tensor.Tensor { v, _ := tensor.FromStrings([]int{}, []string{s}); return v }
	for name, c := range map[string]struct {
		outputs []schema.Feature
		outs    []*tensor.Tensor
		want    string // names of what is left
		err     string
	}{
		"own":      {[]schema.Feature{text, probs, logits}, []*tensor.Tensor{label("b"), tensor.Of([]float32{0.2, 0.8}, 2), tensor.Of([]float32{1, 3}, 1, 2)}, "logits", ""},
		"foreign":  {[]schema.Feature{text, probs}, []*tensor.Tensor{label("a"), tensor.Of([]float32{0.9, 0.1}, 2)}, "probs", ""},
		"label":    {[]schema.Feature{text, probs, logits}, []*tensor.Tensor{label("a"), tensor.Of([]float32{0.2, 0.8}, 2), tensor.Of([]float32{1, 3}, 1, 2)}, "", "says [\"a\"]"},
		"no score": {[]schema.Feature{text, probs, logits}, []*tensor.Tensor{label("b"), tensor.Of([]float32{0.2, 0.8}, 2), tensor.Of([]float32{3, 1}, 1, 2)}, "", "none of its outputs"},
	} {
		s := &inner{outs: c.outs}
		f, err := NewFace(packageOf(t, nil, c.outputs...), "mil", s)
		if err != nil {
			t.Fatal(err)
		}
		out, err := f.Run(context.Background(), []*tensor.Tensor{tensor.New(tensor.Float32, 1, 3, 1, 2)})
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || len(out) != 1 || f.Outputs()[0].Name != c.want || len(f.Outputs()) != 1 {
			t.Errorf("%s: %v %v %v", name, out, f.Outputs(), err)
		}
	}
}
