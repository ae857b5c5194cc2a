package verify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Wiring tells how the source's file is wired, and cuts it.
type Wiring interface {
	// Maker tells the layer that computes a tensor; false for inputs, constants and
	// what the file does not name.
	Maker(tensor string) (Maker, bool)
	// Rounds tells how the source rounds between its layers beyond what its outputs
	// show: Steps, BFloat16, or "".
	Rounds() string
	// WithInputs writes a copy of the source that takes tensors as further inputs of
	// the types and shapes of values, behind its own, instead of computing them.
	// remove deletes it.
	WithInputs(ctx context.Context, tensors []string, values []*tensor.Tensor) (path string, remove func(), err error)
}

// Maker is a layer of the source: its name, "" where it has none, its operator and
// the tensors that it reads.
type Maker struct {
	Layer, Op string
	Reads     []string
}

// deciding operators give something else altogether when what they read changes by
// as little as rounding: another place in an order, another side of a bound.
var deciding = map[string]bool{
	"TopK": true, "ArgMax": true, "ArgMin": true, "NonMaxSuppression": true, "Hardmax": true, "Unique": true, "NonZero": true,
	"Less": true, "LessOrEqual": true, "Greater": true, "GreaterOrEqual": true, "Equal": true,
	"Sign": true, "Floor": true, "Ceil": true, "Round": true, "Mod": true, "Cast": true,
}

// Bounds of the search for what decided: decisions one behind the other, and nodes
// between a decision and the layers that can be compared.
const (
	mostDecisions = 5
	mostBetween   = 200
	mostCuts      = 500
)

// decision tells whether what differs follows from decisions between values that are
// nearly equal, as of detectors that take the best of many boxes. Up to a deciding
// operator both models must then agree, and the source, given the artefact's own
// values there, must give what the artefact gives from there on: one model is the
// other in two parts, each within the tolerance.
type decision struct {
	c      Config
	tol    Tolerance
	layers map[string]Layer // by the source's tensor
	cuts   []string
	values []*tensor.Tensor
	names  []string // of the layers that decided
}

func newDecision(c Config, tol Tolerance) *decision {
	d := &decision{c: c, tol: tol, layers: map[string]Layer{}}
	for _, l := range c.Layers {
		d.layers[l.Source] = l
	}
	return d
}

// settle makes v a match, and puts into j what it is one by, where decisions explain
// every sample that does not match.
func (c Config) settle(ctx context.Context, v *Verdict, got [][]*tensor.Tensor, j *judgement, tol Tolerance) bool {
	if !c.decides() {
		return false
	}
	settled, names := map[int][]Difference{}, []string(nil)
	for s, verdict := range j.samples {
		if verdict == Match {
			continue
		}
		at, differences := decided(ctx, c, c.Samples[s], got[s], tol, &j.first[s])
		if differences == nil {
			return false
		}
		settled[s] = differences
		for _, name := range at {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for s, d := range settled {
		j.all[s] = d
	}
	v.Verdict, v.Decided = Match, names
	v.Why = fmt.Sprintf("%s chooses between values that are nearly equal, and %d of %d samples come out otherwise than in the source (%s); up to there both agree, and from there on as well when the source is given the artefact's values",
		among(names), len(settled), len(j.samples), v.Why)
	return true
}

// decides reports whether the source has a deciding operator near a layer.
func (c Config) decides() bool {
	if c.Wiring == nil {
		return false
	}
	for _, l := range c.Layers {
		m, _ := c.Wiring.Maker(l.Source)
		if deciding[m.Op] {
			return true
		}
		for _, r := range m.Reads {
			if m, _ := c.Wiring.Maker(r); deciding[m.Op] {
				return true
			}
		}
	}
	return false
}

// decided are the layers of the source between whose nearly equal values the sample
// decides otherwise in the artefact, which gave got, and how far the outputs differ
// when the source is given the artefact's values there; nil where decisions do not
// explain the difference, or nothing tells.
// first is the first diverging layer of the sample, "" while it is not known.
func decided(ctx context.Context, c Config, input, got []*tensor.Tensor, tol Tolerance, first *string) ([]string, []Difference) {
	d := newDecision(c, tol)
	source := c.Source
	for range mostDecisions {
		c.Source = source
		layer, err := FirstDivergence(ctx, c, input, tol)
		if err != nil || layer == "" {
			return nil, nil
		}
		if *first == "" {
			*first = layer
		}
		at := slices.IndexFunc(c.Layers, func(l Layer) bool { return l.Name == layer })
		if at < 0 || !d.cut(ctx, c.Layers[at].Source, source, input) {
			return nil, nil
		}
		d.more(ctx, source, input)
		path, remove, err := d.c.Wiring.WithInputs(ctx, d.cuts, d.values)
		if err != nil {
			return nil, nil
		}
		defer remove()
		source.Model.Path, source.Given = path, d.values
		want, err := once(ctx, source, input, runtimes.Options{Threads: c.Threads})
		if err != nil || len(want) != len(got) {
			return nil, nil
		}
		if all := d.agree(got, want); all != nil {
			return d.names, all
		}
	}
	return nil, nil
}

// agree compares outputs; nil where they do not match.
func (d *decision) agree(got, want []*tensor.Tensor) []Difference {
	all := make([]Difference, len(got))
	for o := range got {
		var err error
		if all[o], err = Compare(got[o], want[o]); err != nil || d.tol.judge(all[o]) != Match {
			return nil
		}
	}
	return all
}

// cut adds what the artefact has, and the source with it, where a decision above
// name begins; false where there is none or they do not agree there.
func (d *decision) cut(ctx context.Context, name string, source Side, input []*tensor.Tensor) bool {
	differs := map[string]bool{name: true}
	for range mostDecisions {
		ends, decides, ok := d.above(name, differs)
		if !ok || len(ends) == 0 || len(decides) == 0 {
			return false
		}
		values, ok := d.look(ctx, ends, source, input)
		if !ok {
			return false
		}
		before := len(differs)
		for i, v := range values {
			if v == nil {
				differs[ends[i]] = true
			}
		}
		if len(differs) > before {
			continue // the decision lies farther up
		}
		d.cuts, d.values = append(d.cuts, ends...), append(d.values, values...)
		for _, name := range decides {
			if !slices.Contains(d.names, name) {
				d.names = append(d.names, name)
			}
		}
		return true
	}
	return false
}

// more adds what the artefact has where other decisions begin, as far as the source
// agrees there: a detector takes the best of each of many classes.
func (d *decision) more(ctx context.Context, source Side, input []*tensor.Tensor) {
	var begins [][]string
	var all []string
	for _, l := range d.c.Layers {
		if m, _ := d.c.Wiring.Maker(l.Source); !deciding[m.Op] {
			continue
		}
		ends, _, ok := d.above(l.Source, map[string]bool{l.Source: true})
		if !ok || len(ends) == 0 || len(all)+len(ends) > mostCuts {
			continue
		}
		begins = append(begins, ends)
		for _, e := range ends {
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	if len(all) == 0 {
		return
	}
	values, ok := d.look(ctx, all, source, input)
	if !ok {
		return
	}
	agree := func(name string) bool { return values[slices.Index(all, name)] != nil }
	for _, ends := range begins {
		if slices.ContainsFunc(ends, func(e string) bool { return !agree(e) }) {
			continue
		}
		for _, e := range ends {
			if !slices.Contains(d.cuts, e) {
				d.cuts, d.values = append(d.cuts, e), append(d.values, values[slices.Index(all, e)])
			}
		}
	}
}

// look gives the artefact's values of tensors as the source would hold them, nil where
// the source has others; false where they cannot be had.
func (d *decision) look(ctx context.Context, names []string, source Side, input []*tensor.Tensor) ([]*tensor.Tensor, bool) {
	art := make([]string, len(names))
	for i, name := range names {
		art[i] = d.layers[name].Artefact
	}
	want, err := tapped(ctx, source, names, input, d.c.Threads)
	if err != nil {
		return nil, false
	}
	got, err := tapped(ctx, d.c.Artefact, art, input, d.c.Threads)
	if err != nil {
		return nil, false
	}
	for i, w := range want {
		x, ok := like(got[i], w)
		if ok {
			diff, err := Compare(x, w)
			ok = err == nil && d.tol.judge(diff) == Match
		}
		if want[i] = nil; ok {
			want[i] = x
		}
	}
	return want, true
}

// above walks up from a tensor to those that can be compared and are not known to
// differ, and tells the layers between that decide.
func (d *decision) above(name string, differs map[string]bool) (ends, decides []string, ok bool) {
	seen := map[string]bool{name: true}
	for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
		m, ok := d.c.Wiring.Maker(queue[0])
		if !ok {
			continue
		}
		if deciding[m.Op] {
			decides = append(decides, cmp.Or(m.Layer, queue[0]))
		}
		for _, r := range m.Reads {
			if seen[r] || slices.Contains(d.cuts, r) {
				continue
			}
			if seen[r] = true; len(seen) > mostBetween {
				return nil, nil, false
			}
			if _, made := d.c.Wiring.Maker(r); !made {
				continue
			}
			if _, known := d.layers[r]; known && !differs[r] {
				ends = append(ends, r)
			} else {
				queue = append(queue, r)
			}
		}
	}
	return ends, decides, true
}

// like is t in the shape, layout and element type of w; false where it cannot be.
func like(t, w *tensor.Tensor) (*tensor.Tensor, bool) {
	var err error
	switch {
	case t.DType() == tensor.String || w.DType() == tensor.String || t.Len() != w.Len():
		return nil, false
	case !sameButOnes(t.Shape(), w.Shape()):
		p, ok := channelsFirst(t, w.Shape())
		if !ok {
			return nil, false
		}
		t = p
	case !slices.Equal(t.Shape(), w.Shape()):
		if t, err = t.Reshape(w.Shape()...); err != nil {
			return nil, false
		}
	}
	if t.DType() != w.DType() {
		if t, err = t.Cast(w.DType()); err != nil {
			return nil, false
		}
	}
	return t, true
}

// among is a list of names for a sentence.
func among(names []string) string {
	const most = 3
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}
