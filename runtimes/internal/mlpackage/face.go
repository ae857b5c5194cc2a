package mlpackage

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	schema "slipway/conversion/schema/mil"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Face makes a session over a Core ML package look like one over the model that
// the package was made of: an input that takes pictures gets the pixels of the
// tensor that the model would have got, and what a classifier gives beside the
// model's own outputs is checked against them and left out.
type Face struct {
	runtimes.Session
	runtime string // its name, for refusals
	input   int    // the one that takes pictures; -1: none
	picture target.Picture
	label   int // positions among the inner outputs; -1: none
	scores  int
	extra   int // of the inner outputs, how many the interface has beside taps
	names   []string
}

// Read is the model file of the package at path.
func Read(path string) (*schema.Model, error) {
	root, err := schema.Root(path)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(path, root))
	if err != nil {
		return nil, err
	}
	return schema.Decode(b)
}

// NewFace takes the interface of package m, which inner runs under the name of a
// runtime.
func NewFace(m *schema.Model, runtime string, inner runtimes.Session) (*Face, error) {
	f := &Face{Session: inner, runtime: runtime, input: -1, label: -1, scores: -1, extra: len(m.Outputs)}
	if text := m.Meta[schema.PictureKey]; text != "" {
		if err := json.Unmarshal([]byte(text), &f.picture); err != nil {
			return nil, fmt.Errorf("coreml: the package's note about pictures: %w", err)
		}
		for i, x := range m.Inputs {
			if x.Image != nil {
				f.input = i
			}
		}
	}
	if m.Label != "" {
		for i, o := range m.Outputs {
			switch o.Name {
			case m.Label:
				f.label = i
			case m.Scores:
				f.scores = i
			}
		}
		for _, o := range m.Main.Ops {
			if c := o.Arg("classes"); o.Type == "classify" && len(c) == 1 && c[0].Value != nil {
				f.names = c[0].Value.Tensor.Strings()
			}
		}
	}
	return f, nil
}

// Inputs are those of the source model.
func (f *Face) Inputs() []runtimes.IO {
	ios := f.Session.Inputs()
	if f.input < 0 || f.input >= len(ios) {
		return ios
	}
	out := slices.Clone(ios)
	if s := out[f.input].Shape; f.picture.Layout == "NHWC" && len(s) == 4 {
		out[f.input].Shape = []int{s[0], s[2], s[3], s[1]}
	}
	return out
}

// hidden reports whether output i is part of the classifier alone: all of a
// package that gives more than that, of another the label.
func (f *Face) hidden(i int) bool {
	if f.label < 0 {
		return false
	}
	return i == f.label || i == f.scores && f.extra > 2
}

// Outputs are those of the source model, then the taps.
func (f *Face) Outputs() []runtimes.IO {
	var out []runtimes.IO
	for i, o := range f.Session.Outputs() {
		if !f.hidden(i) {
			out = append(out, o)
		}
	}
	return out
}

// Run takes the source model's inputs.
func (f *Face) Run(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if f.input >= 0 && f.input < len(in) {
		x, err := Pixels(&f.picture, in[f.input])
		if err != nil {
			return nil, err
		}
		in = slices.Clone(in)
		in[f.input] = x
	}
	all, err := f.Session.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := f.agree(all); err != nil {
		return nil, err
	}
	var out []*tensor.Tensor
	for i, t := range all {
		if !f.hidden(i) {
			out = append(out, t)
		}
	}
	return out, nil
}

// agree checks that the label is the name of the class with the highest score,
// and that no other class has a higher score in the model's own output.
func (f *Face) agree(all []*tensor.Tensor) error {
	if f.label < 0 || f.scores < 0 || max(f.label, f.scores) >= len(all) || all[f.label].DType() != tensor.String {
		return nil
	}
	scores, label := all[f.scores].Float64s(), all[f.label].Strings()
	best := highest(scores)
	if len(label) != 1 || len(f.names) != len(scores) || f.names[best] != label[0] {
		return &runtimes.RefusedError{Runtime: f.runtime, Stage: "run", Text: fmt.Sprintf("the package says %q, its highest score is that of class %d of %d", label, best, len(f.names))}
	}
	if f.extra <= 2 {
		return nil
	}
	for i, t := range all[:f.extra] {
		if f.hidden(i) || t.Len() != len(scores) {
			continue
		}
		if k := highest(t.Float64s()); !(scores[k] < scores[best]-1e-6) {
			return nil
		}
	}
	return &runtimes.RefusedError{Runtime: f.runtime, Stage: "run", Text: fmt.Sprintf("the package says %q, which has the highest score in none of its outputs", label)}
}

// highest is the place of the largest number.
func highest(v []float64) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}

// Pixels are the pixels, 0 to 255 and [1,C,H,W], of the picture that a model's
// input x stands for: x*Std + Mean, over Range/255. They are not rounded.
func Pixels(p *target.Picture, x *tensor.Tensor) (*tensor.Tensor, error) {
	s := x.Shape()
	c, nhwc := p.Channels(), p.Layout == "NHWC"
	if len(s) != 4 || s[0] != 1 || !nhwc && s[1] != c || nhwc && s[3] != c {
		return nil, fmt.Errorf("coreml: an input of shape %v is no picture of %d channels", s, c)
	}
	h, w := s[2], s[3]
	if nhwc {
		h, w = s[1], s[2]
	}
	a, b := p.Scale()
	v := x.Float64s()
	out := make([]float32, len(v))
	for k := range c {
		for i := range h * w {
			at := k*h*w + i
			if nhwc {
				at = i*c + k
			}
			y := (v[at] - b[k]) / a[k]
			// What the source got from a pixel comes back to it.
			if r := math.Round(y); math.Abs(y-r) < 1e-3 {
				y = r
			}
			out[k*h*w+i] = float32(y)
		}
	}
	return tensor.Of(out, 1, c, h, w), nil
}
