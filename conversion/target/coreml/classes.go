package coreml

import (
	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/schema/mil"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// What a classifier's outputs are called, unless the model has these names.
const (
	labelName  = "classLabel"
	scoresName = "classLabel_probs"
)

// classes makes the program a classifier: beside the model's own outputs it
// gives the name of the best class, and the score of each by its name.
func (e *emitter) classes(m *mil.Model, c *target.Classes) {
	if c == nil || e.err != nil {
		return
	}
	skip := func(format string, args ...any) {
		e.findings = append(e.findings, diag.Infof("coreml.no-labels", "the package is no classifier: "+format, args...))
	}
	var v *ir.Value
	for _, x := range e.g.Outputs {
		if v == nil && (c.Output == "" || x.Name == c.Output) {
			v = x
		}
	}
	if v == nil {
		skip("the model has no output %q", c.Output)
		return
	}
	if !v.Shape.IsStatic() || !v.DType.IsFloat() {
		skip("output %q is %v %v", v.Name, v.DType, v.Shape)
		return
	}
	n := 1
	for _, d := range shapeOf(v) {
		n *= d
	}
	names, changed, ok := c.Names(n)
	if !ok {
		skip("there are %d labels for the %d scores of output %q", len(c.Labels), n, v.Name)
		return
	}
	if changed > 0 {
		e.findings = append(e.findings, diag.Infof("coreml.labels", "%d classes share their name with another one; their number stands behind it", changed))
	}
	p := e.reshape(e.convert(e.value(v), tensor.Float32), []int{1, n})
	if c.Softmax {
		p = e.named(e.unique("probabilities"), "softmax", p.dtype, p.shape, in("x", p), num("axis", 1))
	}
	if e.err != nil {
		return
	}
	m.Label, m.Scores = e.unique(labelName), e.unique(scoresName)
	e.f.Ops = append(e.f.Ops, &mil.Op{
		Type: "classify",
		Inputs: []mil.Arg{
			{Name: "probabilities", Refs: []mil.Ref{{Name: p.name}}},
			{Name: "classes", Refs: []mil.Ref{{Value: mil.Texts(names)}}},
		},
		Outputs: []mil.Typed{
			{Name: m.Label, Type: mil.Type{DType: tensor.String, Dims: []int64{}}},
			{Name: m.Scores, Type: mil.Type{DType: tensor.Float64, Dims: []int64{}, Kind: mil.Scores}},
		},
		Attrs: []mil.Attr{{Name: "name", Value: mil.String(e.unique("classify"))}},
	})
	// The classes come first, as Xcode and Vision show the first outputs.
	e.f.Outputs = append([]string{m.Label, m.Scores}, e.f.Outputs...)
	m.Outputs = append([]mil.Feature{{Name: m.Label, Kind: mil.Text}, {Name: m.Scores, Kind: mil.Scores}}, m.Outputs...)
}
