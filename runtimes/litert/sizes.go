package litert

import (
	"encoding/json"
	"slices"
	"unsafe"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// sizesKey names metadata of a model: the shapes of inputs and outputs as
// expressions. LiteRT tells the size of an output that follows from other sizes
// only once it has run, and it runs only into memory of that size.
const sizesKey = "slipway.sizes"

// readSizes makes s.sizes from the model's metadata, where it has them.
func (s *session) readSizes() {
	var data unsafe.Pointer
	var n uintptr
	if s.f.metadata(s.model, sizesKey, &data, &n) != 0 || data == nil {
		return
	}
	var m struct {
		Inputs  [][]string `json:"inputs"`
		Outputs [][]string `json:"outputs"`
	}
	if json.Unmarshal(unsafe.Slice((*byte)(data), n), &m) != nil || len(m.Inputs) != len(s.inputs) || len(m.Outputs) != len(s.outputs) {
		return
	}
	read := func(list [][]string) []ir.Shape {
		var out []ir.Shape
		for _, text := range list {
			shape := make(ir.Shape, len(text))
			for i, t := range text {
				d, ok := ir.ParseDim(t)
				if !ok {
					return nil
				}
				shape[i] = d
			}
			out = append(out, shape)
		}
		return out
	}
	if in, out := read(m.Inputs), read(m.Outputs); len(in) == len(s.inputs) && len(out) == len(s.outputs) {
		s.openIn, s.openOut = in, out
	}
}

// shapeOf is the shape of output i for these inputs; false where the model does
// not tell, or tells something else than the inputs show.
func (s *session) shapeOf(i int, inputs []*tensor.Tensor) ([]int, bool) {
	if s.openOut == nil {
		return nil, false
	}
	sizes := map[string]int64{}
	for k, t := range inputs {
		if len(s.openIn[k]) != t.Rank() {
			return nil, false
		}
		for a, d := range s.openIn[k] {
			if names := d.Symbols(); len(names) == 1 && d.Equal(ir.Symbol(names[0])) {
				sizes[names[0]] = int64(t.Shape()[a])
			}
		}
	}
	shape := make([]int, len(s.openOut[i]))
	for a, d := range s.openOut[i] {
		known := true
		n, ok := d.With(func(name string) int64 {
			x, have := sizes[name]
			known = known && have
			return x
		})
		if !ok || !known || n < 0 || n > 1<<31 {
			return nil, false
		}
		shape[a] = int(n)
	}
	return shape, true
}

// hangsOnData reports whether the model says that the shape of output i does not
// follow from those of the inputs. What the library tells of it before the run is
// a guess then, and after the run it tells nothing.
func (s *session) hangsOnData(i int) bool {
	if s.openOut == nil {
		return false
	}
	known := map[string]bool{}
	for _, in := range s.openIn {
		for _, d := range in {
			for _, name := range d.Symbols() {
				known[name] = true
			}
		}
	}
	for _, d := range s.openOut[i] {
		if slices.ContainsFunc(d.Symbols(), func(name string) bool { return !known[name] }) {
			return true
		}
	}
	return false
}
