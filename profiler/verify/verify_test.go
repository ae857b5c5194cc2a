package verify

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// chain is a runtime over a made-up model: layer i multiplies by factor[i]. It
// stands for any runtime; the real ones are exercised by the conversion tests.
type chain struct {
	factor []float32
	opened *int
}

func (c chain) Info() runtimes.Info       { return runtimes.Info{Name: "chain", Version: "1"} }
func (chain) Check(context.Context) error { return nil }
func (c chain) Open(_ context.Context, _ runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	*c.opened++
	return &chainSession{c, o.Taps}, nil
}

type chainSession struct {
	chain
	taps []string
}

func (s *chainSession) Inputs() []runtimes.IO {
	return []runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 4}}}
}
func (s *chainSession) Outputs() []runtimes.IO { return nil }
func (s *chainSession) Close() error           { return nil }
func (s *chainSession) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	v := append([]float32{}, in[0].Float32s()...)
	at := map[string]*tensor.Tensor{}
	for i, f := range s.factor {
		for j := range v {
			v[j] *= f
			if f < 0 { // a layer that goes wrong by shape of its values, not scale
				v[j] += float32(j)
			}
		}
		at[fmt.Sprint("t", i)] = tensor.Of(append([]float32{}, v...), 1, 4)
	}
	out := []*tensor.Tensor{tensor.Of(v, 1, 4)}
	for _, t := range s.taps {
		out = append(out, at[t])
	}
	return out, nil
}

func TestFirstDivergingLayerIsFoundWhereverItIs(t *testing.T) {
	const n = 200
	good := make([]float32, n)
	var layers []Layer
	for i := range good {
		good[i] = 1
		layers = append(layers, Layer{fmt.Sprint("layer", i), fmt.Sprint("t", i), fmt.Sprint("t", i)})
	}
	for _, at := range []int{0, 1, 57, 123, 198, 199} {
		wrong := append([]float32{}, good...)
		wrong[at] = -1
		opened := 0
		ref, art := chain{good, new(int)}, chain{wrong, &opened}
		samples, err := Samples([]runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{-1, 4}}}, 4, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Run(context.Background(), Config{Source: Side{Runtime: ref}, Artefact: Side{Runtime: art}, Precision: "fp32", Samples: samples, Layers: layers})
		if err != nil {
			t.Fatal(err)
		}
		if v.Verdict != Mismatch || v.FirstLayer != fmt.Sprint("layer", at) {
			t.Errorf("error at %d: %+v", at, v)
		}
		if opened > 7 {
			t.Errorf("error at %d: the artefact was opened %d times", at, opened)
		}
	}
}

func TestVerdictsByTolerance(t *testing.T) {
	for _, c := range []struct {
		factor    float32
		precision string
		want      string
	}{
		{1, "fp32", Match},
		{1.00003, "fp32", Match},
		{1.002, "fp32", Drift},
		{1.2, "fp32", Mismatch},
		{1.002, "fp16", Match},
		{1.05, "fp16", Drift},
		{1.1, "int8", Match},
		{1.4, "int8", Drift},
		{float32(math.NaN()), "int8", Mismatch},
	} {
		samples, _ := Samples([]runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 4}}}, 3, nil)
		v, err := Run(context.Background(), Config{
			Source: Side{Runtime: chain{[]float32{1}, new(int)}}, Artefact: Side{Runtime: chain{[]float32{c.factor}, new(int)}},
			Precision: c.precision, Samples: samples,
		})
		if err != nil || v.Verdict != c.want {
			t.Errorf("factor %v in %s: %+v %v, want %s", c.factor, c.precision, v, err, c.want)
		}
	}
}

// A model that amplifies rounding matches where its source with rounded weights
// is as far off, and only there.
func TestRoundedSourceExplainsTheError(t *testing.T) {
	for _, c := range []struct {
		artefact, rounded float32
		want              string
	}{
		{1.05, 1.05, Match},
		{1.05, 1.03, Match},
		{1.05, 1.001, Drift},
		{1.2, 1.05, Mismatch},
		{1.2, 1.2, Match},
		{float32(math.NaN()), 1.2, Mismatch},
		{1.002, 1, Match},
		{-1, -1, Mismatch},
	} {
		samples, _ := Samples([]runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 4}}}, 2, nil)
		removed := 0
		source := byPath{"": chain{[]float32{1}, new(int)}, "rounded": chain{[]float32{c.rounded}, new(int)}}
		v, err := Run(context.Background(), Config{
			Source: Side{Runtime: source}, Artefact: Side{Runtime: chain{[]float32{c.artefact}, new(int)}}, Precision: "fp16",
			Samples: samples, Rounded: func(context.Context) (string, func(), error) { return "rounded", func() { removed++ }, nil },
		})
		if err != nil || v.Verdict != c.want {
			t.Errorf("%v where rounding gives %v: %+v %v, want %s", c.artefact, c.rounded, v, err, c.want)
			continue
		}
		beyond := c.artefact != 1.002
		if v.Sensitive != (beyond && c.want == Match) || removed > 1 || (removed == 1) != beyond {
			t.Errorf("%v where rounding gives %v: sensitive %v, %d copies made", c.artefact, c.rounded, v.Sensitive, removed)
		}
	}
}

// fast is a runtime whose fast kernels give what one model gives and whose plain
// kernels what another gives.
type fast struct {
	chain
	plain chain
}

func (f fast) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if o.NoOptimize {
		return f.plain.Open(ctx, m, o)
	}
	return f.chain.Open(ctx, m, o)
}

// TestFastKernels: where a runtime's plain kernels match, the verdict says so and
// no layer is blamed for a drift.
func TestFastKernels(t *testing.T) {
	for _, c := range []struct {
		fast, plain float32
		want        string
		told        bool
	}{
		{1.002, 1, Drift, true},
		{1.002, 1.002, Drift, false},
		{1.0003, 1.00009, Drift, false},
		{1.2, 1, Mismatch, true},
		{1, 1.002, Match, false},
	} {
		samples, _ := Samples([]runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 4}}}, 2, nil)
		v, err := Run(context.Background(), Config{
			Source:    Side{Runtime: chain{[]float32{1}, new(int)}},
			Artefact:  Side{Runtime: fast{chain{[]float32{c.fast}, new(int)}, chain{[]float32{c.plain}, new(int)}}},
			Precision: "fp32", Samples: samples, Layers: []Layer{{"layer", "t0", "t0"}},
		})
		if err != nil || v.Verdict != c.want || strings.Contains(v.Why, "plain kernels") != c.told || c.told && (v.FirstLayer == "") != (c.want == Drift) {
			t.Errorf("%v, plain %v: %+v %v", c.fast, c.plain, v, err)
		}
	}
}

// byPath is a runtime that has another model behind each path.
type byPath map[string]chain

func (b byPath) Info() runtimes.Info         { return b[""].Info() }
func (b byPath) Check(context.Context) error { return nil }
func (b byPath) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	return b[m.Path].Open(ctx, m, o)
}

func TestCompareUndoesChannelsLast(t *testing.T) {
	want := tensor.Of([]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 1, 2, 2, 3)
	got := channelsLast(want)
	if s := got.Shape(); s[1] != 2 || s[2] != 3 || s[3] != 2 {
		t.Fatalf("shape %v", s)
	}
	d, err := Compare(got, want)
	if err != nil || d.MaxAbs != 0 {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := Compare(tensor.New(tensor.Float32, 4, 3), want); err == nil {
		t.Error("a shape of another meaning was compared")
	}
}

func TestCompareTexts(t *testing.T) {
	words := func(w ...string) *tensor.Tensor {
		v, err := tensor.FromStrings([]int{len(w)}, w)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if d, err := Compare(words("a", "b"), words("a", "b")); err != nil || d.Relative() != 0 {
		t.Errorf("equal texts: %+v %v", d, err)
	}
	if d, err := Compare(words("a", "c"), words("a", "b")); err != nil || d.Bad != 1 {
		t.Errorf("another text: %+v %v", d, err)
	}
	if _, err := Compare(tensor.New(tensor.Float32, 2), words("a", "b")); err == nil {
		t.Error("numbers were compared with texts")
	}
}

// TestHalfPrecisionSource: the last bit of a source's half precision is not held
// against a target that gives single precision, and no more than that.
func TestHalfPrecisionSource(t *testing.T) {
	for _, c := range []struct {
		got, want, diff float64
		from            tensor.DType
	}{
		{1.0004, 1, 0, tensor.Float32}, // half a unit is 2^-11
		{0.9996, 1, 0, tensor.Float32},
		{1.002, 1, 0.002 - 1.0/2048, tensor.Float32},
		{-3.0009, -3, 0, tensor.Float32},
		{-3.01, -3, 0.01 - 1.0/1024, tensor.Float32},
		{1e-8, 0, 0, tensor.Float32},
		{1e-7, 0, 1e-7 - math.Ldexp(1, -25), tensor.Float32},
		{1 + 1.0/1024, 1, 1.0 / 1024, tensor.Float16},
	} {
		got, err := tensor.FromFloat64s(c.from, []float64{c.got, 0}, 2)
		if err != nil {
			t.Fatal(err)
		}
		want, err := tensor.FromFloat64s(tensor.Float16, []float64{c.want, 0}, 2)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := Compare(got, want); err != nil || math.Abs(d.MaxAbs-c.diff) > 1e-6*math.Abs(c.want)+1e-9 {
			t.Errorf("%v against %v: %g, want %g (%v)", c.got, c.want, d.MaxAbs, c.diff, err)
		}
	}
}

// TestMasks: inputs that hold 0 and 1 in real use hold nothing else here.
func TestMasks(t *testing.T) {
	in, err := Samples([]runtimes.IO{
		{Name: "input_ids", DType: tensor.Int64, Shape: []int{1, 64}},
		{Name: "attention_mask", DType: tensor.Int64, Shape: []int{1, 64}},
		{Name: "token_type_ids", DType: tensor.Int32, Shape: []int{1, 64}},
	}, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, limit := range []float64{7, 1, 1} {
		if top := slices.Max(in[1][k].Float64s()); top != limit {
			t.Errorf("input %d reaches %g, want %g", k, top, limit)
		}
	}
}

// dying is a runtime whose process dies when it opens a model.
type dying struct {
	chain
	signal string
}

func (d dying) Open(context.Context, runtimes.Model, runtimes.Options) (runtimes.Session, error) {
	return nil, &runtimes.CrashError{Runtime: "dying", Stage: "open", Signal: d.signal}
}

// TestDeathOfTheRuntime: one that the artefact caused is a mismatch; one that
// came from outside says nothing about the artefact.
func TestDeathOfTheRuntime(t *testing.T) {
	samples, err := Samples([]runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 4}}}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for signal, want := range map[string]string{"SIGSEGV": Mismatch, "exit status 3": Mismatch, "SIGKILL": NotRun, "stopped at 900 MB of memory": NotRun} {
		v, err := Run(context.Background(), Config{Source: Side{Runtime: chain{nil, new(int)}}, Artefact: Side{Runtime: dying{signal: signal}}, Precision: "fp32", Samples: samples})
		if err != nil || v.Verdict != want || v.Why == "" || v.Samples != 0 {
			t.Errorf("%s: %+v %v", signal, v, err)
		}
	}
}
