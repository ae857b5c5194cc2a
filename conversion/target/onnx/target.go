package onnx

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// Target writes ONNX models. The zero value is ready.
type Target struct{}

var _ target.Target = Target{}

// The operator sets to write: the usual one, and the last that a graph can make
// necessary (16-bit quantization scales, 4-bit and blocked weights).
const (
	usualOpset = 17
	lastOpset  = 21
)

// Keys of target.Options.Values.
const (
	KeyOpset    = "opset"         // "13" … "24": exactly this operator set
	KeyExternal = "external_data" // "true": weights go to a side file
)

// Info describes the target.
func (Target) Info() target.Info {
	return target.Info{
		Name: "onnx", Title: "ONNX",
		About:      "ONNX Runtime and everything else that reads ONNX: one .onnx file (operator set 17 or, where needed, up to 21)",
		Precisions: []string{"fp32", "fp16", "int8"},
		Runtimes:   []string{"ort", "openvino"},
		Main:       ".onnx",
	}
}

// sets is the range of operator sets that o allows.
func sets(o target.Options) (first, last int, err error) {
	s := o.Values[KeyOpset]
	if s == "" {
		return usualOpset, lastOpset, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 13 || n > 24 {
		return 0, 0, fmt.Errorf("operator set %q cannot be written; 13 to 24 can", s)
	}
	return n, n, nil
}

// need is the smallest allowed operator set that can say n. Only a type or a
// mode of an operator raises the set; an operator that the usual set lacks does
// not, so that it is decomposed.
func need(n *ir.Node, first, last int) (int, string) {
	_, why := spell(n, first)
	if why == "" {
		return first, ""
	}
	if find(n.Op, first) == nil {
		return 0, why
	}
	for set := first + 1; set <= last; set++ {
		if _, w := spell(n, set); w == "" {
			return set, ""
		}
	}
	return 0, why
}

// Legal says whether the node can be spelled.
func (Target) Legal(n *ir.Node, o target.Options) *diag.Finding {
	first, last, err := sets(o)
	if err != nil {
		return diag.Errorf("onnx.opset", "%v", err)
	}
	if _, why := need(n, first, last); why != "" {
		return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
	}
	return nil
}

// Prepare transposes inputs and outputs of rank 4 where the artefact is to have
// them channels-last.
func (Target) Prepare(_ context.Context, g *ir.Graph, reg *op.Registry, o target.Options) (diag.List, error) {
	if o.Layout != "nhwc" {
		return nil, nil
	}
	p := g.Edit("layout_nhwc", reg.Infer)
	for _, v := range g.Inputs {
		if v.Rank() != 4 {
			continue
		}
		uses := append([]ir.Use{}, v.Uses()...)
		v.Shape = ir.Shape{v.Shape[0], v.Shape[2], v.Shape[3], v.Shape[1]}
		t := p.Add("Transpose", ir.Attrs{"perm": []int64{0, 3, 1, 2}}, []*ir.Value{v})
		for _, u := range uses {
			p.SetInput(u.Node, u.Index, t)
		}
	}
	for _, v := range append([]*ir.Value{}, g.Outputs...) {
		if v.Rank() != 4 || v.Node() == nil {
			continue
		}
		uses := append([]ir.Use{}, v.Uses()...)
		t := p.Add("Transpose", ir.Attrs{"perm": []int64{0, 2, 3, 1}}, []*ir.Value{v}, v.Node())
		p.Replace(v, t)
		p.SetInput(t.Node(), 0, v)
		for _, u := range uses {
			p.SetInput(u.Node, u.Index, v)
		}
		t.Layers = nil
	}
	return nil, p.Done()
}

// Write writes NAME.onnx and, for very large models or on request,
// NAME.onnx.data.
func (Target) Write(ctx context.Context, g *ir.Graph, dir string, o target.Options) (*target.Artefact, error) {
	first, last, err := sets(o)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	opset := first
	for _, n := range g.Nodes {
		set, why := need(n, first, last)
		if why != "" {
			return nil, fmt.Errorf("onnx: %w", diag.Errorf("target.unsupported-op", "%s", why).At(n.Name))
		}
		opset = max(opset, set)
	}
	for _, v := range append(append([]*ir.Value{}, g.Inputs...), g.Outputs...) {
		if v.DType == tensor.Invalid {
			return nil, fmt.Errorf("onnx: %q has no element type", v.Name)
		}
	}
	name := o.Name
	if name == "" {
		name = "model"
	}
	d, err := build(ctx, g, opset, name)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	a := &target.Artefact{Files: []string{name + ".onnx"}, Layers: d.layers, Taps: d.taps}
	side := ""
	if d.dataSize() > externalAbove || o.Values[KeyExternal] == "true" {
		side = name + ".onnx.data"
	}
	if d.place(side) > 0 {
		a.Files = append(a.Files, side)
		if err := create(dir, side, func(w io.Writer) error { return d.writeSide(ctx, w) }); err != nil {
			return nil, fmt.Errorf("onnx: %w", err)
		}
	}
	if err := create(dir, a.Files[0], func(w io.Writer) error { return d.writeTo(ctx, w) }); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	if opset != usualOpset && first != last {
		a.Findings = append(a.Findings, diag.Infof("onnx.opset-raised", "the model needs operator set %d (usually %d)", opset, usualOpset))
	}
	return a, nil
}
