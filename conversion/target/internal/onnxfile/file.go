package onnxfile

import (
	"context"
	"fmt"
	"io"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Sets is a range of operator sets to choose from: the smallest that can say
// the graph is written.
type Sets struct {
	First, Last int
	Kernels     bool // for ONNX Runtime, whose CPU must be able to compute what is written
}

// Need is the smallest set of the range that can say n; why is not "" where none
// can. Only a type or a mode of an operator raises the set; an operator that the
// first one lacks does not, so that it is decomposed.
func (s Sets) Need(n *ir.Node) (set int, why string) {
	if find(n.Op, s.First) == nil {
		return 0, s.lacks(n, s.First)
	}
	return s.Any(n)
}

// Any is Need, but an operator that the first set lacks raises it too: for one
// that has no decomposition.
func (s Sets) Any(n *ir.Node) (set int, why string) {
	for set := s.First; set <= s.Last; set++ {
		w := s.lacks(n, set)
		if w == "" {
			return set, ""
		}
		if why == "" || find(n.Op, set-1) == nil {
			why = w // of the first set that has the operator
		}
	}
	return 0, why
}

// lacks says why set cannot say n, "" where it can.
func (s Sets) lacks(n *ir.Node, set int) string {
	f, why := spell(n, set)
	if why != "" || !s.Kernels {
		return why
	}
	for _, b := range n.Bodies() {
		for _, m := range b.Nodes {
			if why := s.lacks(m, set); why != "" {
				return "its body: " + why
			}
		}
	}
	return lacksKernel(f, set)
}

// File is what Write wrote.
type File struct {
	Names  []string // relative to the folder, the model first
	Opset  int
	Layers map[string][]string // node -> source layers
	Taps   map[string]string   // source layer -> tensor
	Sums   map[string]string   // name -> SHA-256 in hex
}

// Write writes dir/NAME.onnx and, for very large models or where external is
// set, dir/NAME.onnx.data.
func Write(ctx context.Context, g *ir.Graph, dir, name string, sets Sets, external bool) (*File, error) {
	opset := sets.First
	for _, n := range g.Nodes {
		set, why := sets.Any(n)
		if why != "" {
			return nil, diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
		}
		opset = max(opset, set)
	}
	for _, v := range append(append([]*ir.Value{}, g.Inputs...), g.Outputs...) {
		if v.DType == tensor.Invalid || v.IsContainer() && v.Elem == nil {
			return nil, fmt.Errorf("%q has no element type", v.Name)
		}
	}
	if name == "" {
		name = "model"
	}
	d, err := build(ctx, g, opset, sets.Kernels, name)
	if err != nil {
		return nil, err
	}
	f := &File{Names: []string{name + ".onnx"}, Opset: opset, Layers: d.layers, Taps: d.taps, Sums: map[string]string{}}
	side := ""
	if d.dataSize() > externalAbove || external {
		side = name + ".onnx.data"
	}
	if d.place(side) > 0 {
		f.Names = append(f.Names, side)
		if f.Sums[side], err = create(dir, side, func(w io.Writer) error { return d.writeSide(ctx, w) }); err != nil {
			return nil, err
		}
	}
	f.Sums[f.Names[0]], err = create(dir, f.Names[0], func(w io.Writer) error { return d.writeTo(ctx, w) })
	return f, err
}

// ChannelsLast transposes the graph's inputs and outputs of rank 4, so that the
// file has them channels-last.
func ChannelsLast(g *ir.Graph, reg *op.Registry) error {
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
	return p.Done()
}
