package verify

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// floored is a runtime of a spectrum: level is the larger of its input and a floor of 5,
// centre that less a mean, which is off by slip and, of inputs of one number, by extra, and
// out centre times by.
type floored struct {
	slip, by, extra float32
}

func (floored) Info() runtimes.Info         { return runtimes.Info{Name: "floored", Version: "1"} }
func (floored) Check(context.Context) error { return nil }
func (f floored) Open(_ context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	return &flooring{f: f, taps: o.Taps, given: strings.Fields(m.Path)}, nil
}

type flooring struct {
	chainSession
	f           floored
	taps, given []string
}

func (s *flooring) Inputs() []runtimes.IO {
	ios := []runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 4}}}
	for _, name := range s.given {
		ios = append(ios, runtimes.IO{Name: name, DType: tensor.Float32, Shape: []int{1, 4}})
	}
	return ios
}

func (s *flooring) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	at := map[string]*tensor.Tensor{}
	level := make([]float32, 4)
	for i, x := range in[0].Float32s() {
		level[i] = max(x, 5)
	}
	at["level"] = tensor.Of(level, 1, 4)
	for i, name := range s.given {
		at[name] = in[i+1]
	}
	level = at["level"].Float32s()
	mean := (level[0] + level[1] + level[2] + level[3]) / 4
	if x := in[0].Float32s(); x[0] == x[1] {
		mean += s.f.extra
	}
	out := make([]float32, 4)
	for i, x := range level {
		out[i] = x - mean*(1+s.f.slip)
	}
	at["centre"] = tensor.Of(append([]float32{}, out...), 1, 4)
	for i := range out {
		out[i] = 3 + out[i]*s.f.by
	}
	res := []*tensor.Tensor{tensor.Of(out, 1, 4)}
	for _, t := range s.taps {
		res = append(res, at[t])
	}
	return res, nil
}

type spectrum struct{ removed *int }

func (spectrum) Maker(name string) (Maker, bool) {
	m, ok := map[string]Maker{"level": {"", "Max", []string{"x"}}, "centre": {"", "Sub", []string{"level"}}}[name]
	return m, ok
}

func (spectrum) Rounds() string { return "" }

func (s spectrum) WithInputs(_ context.Context, tensors []string, _ []*tensor.Tensor) (string, func(), error) {
	return strings.Join(tensors, " "), func() { *s.removed++ }, nil
}

// What makes rounding errors of a constant that it makes of inputs of one number, however
// they vary by a little, is seen where the layers begin to differ.
func TestConstantInside(t *testing.T) {
	noise := []*tensor.Tensor{tensor.Of([]float32{9, 40, 7, 80}, 1, 4)}
	zeros := []*tensor.Tensor{tensor.Of([]float32{0, 0, 0, 0}, 1, 4)}
	for name, c := range map[string]struct {
		slip, by, extra float32
		wired           bool
		want, left      string
	}{
		"rounding made large":     {3e-7, 1e5, 0, true, Match, "[1]"},
		"nobody knows the file":   {3e-7, 1e5, 0, false, Mismatch, "[]"},
		"a source that is steady": {0, 1, 1, true, Mismatch, "[]"},
	} {
		removed := 0
		config := Config{
			Source: Side{Runtime: floored{by: c.by}}, Artefact: Side{Runtime: floored{c.slip, c.by, c.extra}}, Precision: "fp32",
			Samples: [][]*tensor.Tensor{noise, zeros}, Layers: []Layer{{"level", "level", "level"}, {"centre", "centre", "centre"}},
		}
		if c.wired {
			config.Wiring = spectrum{&removed}
		}
		v, err := Run(t.Context(), config)
		if err != nil || v.Verdict != c.want || fmt.Sprint(v.Constant) != c.left || c.wired && v.Verdict == Match && removed != 1 {
			t.Errorf("%s: %+v %v, %d copies removed; want %s without %s", name, v, err, removed, c.want, c.left)
		}
	}
}
