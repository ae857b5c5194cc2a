package onnx

import (
	"fmt"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
)

// symbols turns dim_param strings into dims: one name, one symbol, with what
// the caller fixed put in its place.
type symbols struct {
	names map[string]string // dim_param -> symbol
	used  map[string]bool
	fixed map[string]ir.Dim // symbol -> what it was fixed to
}

func newSymbols() *symbols {
	return &symbols{names: map[string]string{}, used: map[string]bool{}, fixed: map[string]ir.Dim{}}
}

// named is the dimension that a dim_param stands for.
func (s *symbols) named(param string) ir.Dim {
	sym, ok := s.names[param]
	if !ok {
		sym = s.unique(identifier(param))
		s.names[param] = sym
	}
	if d, ok := s.fixed[sym]; ok {
		return d
	}
	return ir.Symbol(sym)
}

// fresh is a symbol of its own for dimension i of a value.
func (s *symbols) fresh(value string, i int) ir.Dim {
	return ir.Symbol(s.unique(fmt.Sprintf("%s_d%d", identifier(value), i)))
}

func (s *symbols) unique(base string) string {
	name := base
	for i := 1; s.used[name]; i++ {
		name = fmt.Sprintf("%s_%d", base, i)
	}
	s.used[name] = true
	return name
}

// identifier makes a symbol name out of any string: letters, digits and
// underscores, not starting with a digit.
func identifier(s string) string {
	if len(s) > 60 {
		s = s[:60]
	}
	var b strings.Builder
	for _, r := range s {
		ok := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' && b.Len() > 0
		if ok {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	if b.Len() == 0 {
		return "dim"
	}
	return b.String()
}

// shape turns a value's declared shape into ours; nil where it has none.
func (s *symbols) shape(v valueInfo) ir.Shape {
	if !v.shaped {
		return nil
	}
	out := make(ir.Shape, len(v.dims))
	for i, d := range v.dims {
		switch {
		case d.param != "":
			out[i] = s.named(d.param)
		case d.set && d.value >= 0:
			out[i] = ir.Static(d.value)
		default: // absent, or -1 as some exporters write it
			out[i] = s.fresh(v.name, i)
		}
	}
	return out
}

// fixInput applies what the caller wants input v to be, before any shape is
// made, so that a symbol fixed here is fixed everywhere.
func (s *symbols) fixInput(v *valueInfo, want []int64) error {
	if v.shaped && len(v.dims) != len(want) {
		return diag.Errorf("onnx.input-shape", "input %q has rank %d, the shape %v asked for has %d", v.name, len(v.dims), want, len(want))
	}
	if !v.shaped {
		v.shaped, v.dims = true, make([]dimProto, len(want))
	}
	v.dims = append([]dimProto{}, v.dims...)
	for i, n := range want {
		if n < 0 {
			continue // stays as it is
		}
		d := v.dims[i]
		if d.param == "" && d.set && d.value >= 0 && d.value != n {
			return diag.Errorf("onnx.input-shape", "input %q: dimension %d is %d in the model and cannot become %d", v.name, i, d.value, n)
		}
		if d.param != "" {
			if old := s.named(d.param); old.IsStatic() && !old.Is(n) {
				return diag.Errorf("onnx.input-shape", "input %q: dimension %d (%s) was fixed to %v by another input and cannot become %d", v.name, i, d.param, old, n)
			}
			s.fixed[s.names[d.param]] = ir.Static(n)
		}
		v.dims[i] = dimProto{value: n, set: true}
	}
	return nil
}
