package verify

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// chooser is a runtime over a made-up model: scores are its input and a little noise,
// the largest is chosen, and as many copies of a number come out as the table says.
type chooser struct {
	noise [4]float32 // added to the scores
	plain *[4]float32
	after float32 // what comes out is multiplied by this
	table [4]int  // how many numbers each choice gives
}

func (c chooser) Info() runtimes.Info       { return runtimes.Info{Name: "chooser", Version: "1"} }
func (chooser) Check(context.Context) error { return nil }
func (c chooser) Open(_ context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if o.NoOptimize && c.plain != nil {
		c.noise = *c.plain
	}
	return &choosing{c, o.Taps, strings.Fields(m.Path)}, nil
}

type choosing struct {
	chooser
	taps, given []string
}

func (s *choosing) Inputs() []runtimes.IO {
	ios := []runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 4}}}
	for _, name := range s.given {
		ios = append(ios, runtimes.IO{Name: name, DType: tensor.Float32, Shape: []int{1, 4}})
	}
	return ios
}
func (s *choosing) Outputs() []runtimes.IO { return nil }
func (s *choosing) Close() error           { return nil }
func (s *choosing) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	scores := make([]float32, 4)
	for j, x := range in[0].Float32s() {
		scores[j] = x + s.noise[j]
	}
	if len(s.given) > 0 {
		copy(scores, in[1].Float32s())
	}
	best := 0
	for j, x := range scores {
		if x > scores[best] {
			best = j
		}
	}
	out := make([]float32, s.table[best])
	for j := range out {
		out[j] = (1 + float32(10*best+j)) * s.after
	}
	at := map[string]*tensor.Tensor{"scores": tensor.Of(scores, 1, 4), "best": tensor.Of([]int64{int64(best)}, 1), "out": tensor.Of(out, 1, len(out)), "aside": in[0]}
	res := []*tensor.Tensor{at["out"]}
	for _, t := range s.taps {
		res = append(res, at[t])
	}
	return res, nil
}

// wires is the chooser's wiring, with an operator that chooses or claims not to.
type wires struct {
	op      string
	removed *int
}

func (w wires) Maker(name string) (Maker, bool) {
	m, ok := map[string]Maker{"scores": {"", "Add", []string{"x"}}, "best": {"choice", w.op, []string{"scores"}}, "out": {"", "Gather", []string{"table", "best"}}, "aside": {"", "Sign", []string{"x"}}}[name]
	return m, ok
}

func (w wires) Rounds() string { return "" }

func (w wires) WithInputs(_ context.Context, tensors []string, _ []*tensor.Tensor) (string, func(), error) {
	return strings.Join(tensors, " "), func() { *w.removed++ }, nil
}

// A sample that decides otherwise between nearly equal values is a match where both
// models agree up to there, and from there on given the same values: nowhere else.
func TestDecisions(t *testing.T) {
	same, other := [4]int{3, 3, 3, 3}, [4]int{3, 2, 3, 3}
	little, more, much := [4]float32{0, 1e-6, 0, 0}, [4]float32{0, 5e-4, 0, 0}, [4]float32{0, 0.3, 0, 0}
	for name, c := range map[string]struct {
		artefact chooser
		op       string // "": no wiring
		want     string
	}{
		"the same":                       {chooser{after: 1, table: same}, "ArgMax", Match},
		"another choice":                 {chooser{noise: little, after: 1, table: same}, "ArgMax", Match},
		"another choice, another size":   {chooser{noise: little, after: 1, table: other}, "ArgMax", Match},
		"behind it something is wrong":   {chooser{noise: little, after: 1.1, table: same}, "ArgMax", Mismatch},
		"before it something is wrong":   {chooser{noise: much, after: 1, table: same}, "ArgMax", Mismatch},
		"before it not all is right":     {chooser{noise: more, after: 1, table: same}, "ArgMax", Mismatch},
		"the operator chooses nothing":   {chooser{noise: little, after: 1, table: same}, "Mul", Mismatch},
		"nobody knows what the file has": {chooser{noise: little, after: 1, table: same}, "", Mismatch},
	} {
		removed := 0
		config := Config{
			Source: Side{Runtime: chooser{after: 1, table: c.artefact.table}}, Artefact: Side{Runtime: c.artefact}, Precision: "fp32",
			// The first sample ties, the second does not.
			Samples: [][]*tensor.Tensor{{tensor.Of([]float32{1, 1, 0, 0}, 1, 4)}, {tensor.Of([]float32{0, 0, 1, 0.1}, 1, 4)}},
		}
		if c.want == Mismatch {
			config.Samples = config.Samples[:1]
		}
		for _, s := range []string{"aside", "scores", "best", "out"} {
			config.Layers = append(config.Layers, Layer{"layer of " + s, s, s})
		}
		if c.op != "" {
			config.Wiring = wires{c.op, &removed}
		}
		v, err := Run(t.Context(), config)
		if err != nil || v.Verdict != c.want {
			t.Errorf("%s: %+v %v, want %s", name, v, err, c.want)
			continue
		}
		decided := strings.Contains(name, "another choice")
		if (fmt.Sprint(v.Decided) == "[choice]") != decided || decided && (removed != 1 || v.MaxRel > 1e-6 || v.Cosine < 1) {
			t.Errorf("%s: %+v, %d copies removed", name, v, removed)
		}
	}
}

// Where the source's runtime gives something else with its plain kernels, they are
// what an artefact is held to.
func TestSourceOff(t *testing.T) {
	for name, c := range map[string]struct {
		fast, plain, artefact [4]float32
		want                  string
		off                   bool
	}{
		"the fast kernels are off":         {[4]float32{2, 0, 0, 0}, [4]float32{}, [4]float32{}, Match, true},
		"the artefact is off":              {[4]float32{}, [4]float32{}, [4]float32{2, 0, 0, 0}, Mismatch, false},
		"the plain ones are off":           {[4]float32{}, [4]float32{2, 0, 0, 0}, [4]float32{}, Match, false},
		"the artefact is as neither of it": {[4]float32{2, 0, 0, 0}, [4]float32{}, [4]float32{0, 2, 0, 0}, Mismatch, false},
	} {
		table := [4]int{2, 2, 2, 2}
		v, err := Run(t.Context(), Config{
			Source:   Side{Runtime: chooser{noise: c.fast, plain: &c.plain, after: 1, table: table}},
			Artefact: Side{Runtime: chooser{noise: c.artefact, after: 1, table: table}}, Precision: "fp32",
			Samples: [][]*tensor.Tensor{{tensor.Of([]float32{0, 0, 1, 0}, 1, 4)}},
		})
		if err != nil || v.Verdict != c.want || v.SourceOff != c.off {
			t.Errorf("%s: %+v %v, want %s", name, v, err, c.want)
		}
	}
}
