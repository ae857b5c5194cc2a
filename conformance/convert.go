package conformance

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	passes "slipway/conversion/pass/all"
	"slipway/conversion/plan"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	targets "slipway/conversion/target/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// form is how a case is put to a target.
type form int

const (
	asIs     form = iota // all inputs open, no pass
	constant             // all inputs but the first are constants, as in models, and simplified
	forms
)

var registry = ops.Registry()

// artefact is a converted case, ready to run.
type artefact struct {
	path     string // main file
	in, want []*tensor.Tensor
	names    []string // of the source's inputs, those of in
	outputs  []string // names of the source's outputs
	warnings []string // what the target warned of
	notes    []string // all that the report said
	random   bool     // the results are random numbers
}

// refused is the answer to a case that ends in a finding.
type refused struct{ text string }

func (e *refused) Error() string { return e.text }

// bind makes every input of g but the first a constant.
func bind(g *ir.Graph, in []*tensor.Tensor) error {
	if len(g.Inputs) < 2 {
		return nil
	}
	p := g.Edit("bind", registry.Infer)
	kept := g.Inputs[:1:1]
	for i, v := range g.Inputs {
		switch {
		case i == 0:
		case v.DType.IsContainer():
			kept = append(kept, v)
		default:
			p.Replace(v, p.Const(v.Name, in[i]))
		}
	}
	if err := p.Done(); err != nil {
		return err
	}
	g.Inputs = kept
	return registry.InferGraph(g)
}

// open reads a case and its values.
func open(ctx context.Context, c testCase, f form) (*source.Model, artefact, error) {
	var a artefact
	m, err := onnx.Source{}.Open(ctx, c.model, source.Options{Registry: registry, NoMap: true})
	if err != nil {
		return nil, a, err
	}
	if a.in, a.want, err = c.values(m.Graph); err != nil {
		_ = m.Close()
		return nil, a, fmt.Errorf("the case does not read: %w", err)
	}
	if len(a.in) != len(m.Graph.Inputs) {
		_ = m.Close()
		return nil, a, fmt.Errorf("the case has %d values for %d inputs", len(a.in), len(m.Graph.Inputs))
	}
	all := map[string]*tensor.Tensor{}
	for i, v := range m.Graph.Inputs {
		all[v.Name] = a.in[i]
	}
	if f == constant {
		if err := bind(m.Graph, a.in); err != nil {
			_ = m.Close()
			return nil, a, diag.Errorf("conformance.constant", "with constant inputs: %v", err)
		}
	}
	a.in = nil
	for _, v := range m.Graph.Inputs {
		a.in, a.names = append(a.in, all[v.Name]), append(a.names, v.Name)
	}
	for _, v := range m.Graph.Outputs {
		a.outputs = append(a.outputs, v.Name)
	}
	return m, a, nil
}

// convert writes the case for a target into dir, by the same plan that a
// person's conversion follows. A refusal is a *refused; any other error is one
// of this program.
func convert(ctx context.Context, c testCase, f form, target, dir string) (a artefact, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	recipe := plan.Default()
	if f == asIs {
		for _, p := range passes.Passes() {
			recipe.SkipPasses = append(recipe.SkipPasses, p.Name)
		}
	}
	env := plan.Env{Registry: registry, Target: targets.Get, Open: func(ctx context.Context, _ string, _ source.Options) (*source.Model, error) {
		m, opened, err := open(ctx, c, f)
		a = opened
		return m, err
	}}
	r, err := plan.Run(ctx, plan.Request{Model: c.model, Name: "case", Target: target, Recipe: recipe, Dir: dir}, env, nil)
	if err != nil {
		return a, err
	}
	if !r.OK {
		return a, &refused{reasons(r.Findings)}
	}
	for _, w := range r.Findings {
		a.notes = append(a.notes, w.Text)
		// A batch that was fixed is no warning, and yet a case may feed another.
		if (w.Severity == diag.Warning || w.Code == "ncnn.batch") && strings.HasPrefix(w.Code, target+".") {
			a.warnings = append(a.warnings, w.Text)
		}
	}
	a.path = filepath.Join(dir, filepath.Base(r.Artefacts[0].Path))
	return a, nil
}

// reasons joins the texts of a report's errors.
func reasons(l diag.List) string {
	var out []string
	for _, f := range l.Errors() {
		out = append(out, f.Text)
	}
	return strings.Join(out, "; ")
}

// reference computes the case with the operators' own arithmetic.
func reference(ctx context.Context, c testCase, f form) (got, want []*tensor.Tensor, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	m, a, err := open(ctx, c, f)
	var l diag.List
	var one *diag.Finding
	switch {
	case errors.As(err, &l):
		return nil, nil, &refused{reasons(l)}
	case errors.As(err, &one):
		return nil, nil, &refused{one.Text}
	case err != nil:
		return nil, nil, err
	}
	defer func() { _ = m.Close() }()
	if f == constant {
		if _, err := passes.Simplify(ctx, m.Graph, registry, nil, nil, nil, nil); err != nil {
			return nil, nil, err
		}
	}
	feeds := map[string]*tensor.Tensor{}
	for i, v := range m.Graph.Inputs {
		feeds[v.Name] = a.in[i]
	}
	got, err = testkit.Eval(registry, m.Graph, feeds)
	var node *op.NodeError
	if errors.As(err, &node) {
		// Arithmetic that says that it lacks something is a finding, too.
		err = &refused{fmt.Sprintf("%s: %v", node.Node.Op, node.Err)}
	}
	return got, a.want, err
}
