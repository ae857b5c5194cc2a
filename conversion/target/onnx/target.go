package onnx

import (
	"context"
	"fmt"
	"strconv"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
	"slipway/conversion/target/internal/onnxfile"
)

// Target writes ONNX models. The zero value is ready.
type Target struct{}

var (
	_ target.Target = Target{}
	_ target.Namer  = Target{}

	_ target.LastResort = Target{}
)

// The operator sets to write: the usual one, and the last that a graph can make
// necessary (16-bit quantization scales, 4-bit weights, operators that simpler
// ones do not say).
const (
	usualOpset = 17
	lastOpset  = 26
)

// Keys of target.Options.Values.
const (
	KeyOpset    = "opset"         // "13" … "26": exactly this operator set
	KeyExternal = "external_data" // "true": weights go to a side file
)

// Info describes the target.
func (Target) Info() target.Info {
	return target.Info{
		Name: "onnx", Title: "ONNX",
		About:      "ONNX Runtime and everything else that reads ONNX: one .onnx file (operator set 17 or, where needed, up to 26)",
		Precisions: []string{"fp32", "fp16", "int8"},
		Runtimes:   []string{"ort", "openvino", "reference"},
		Main:       ".onnx",
	}
}

// sets is the range of operator sets that o allows.
func sets(o target.Options) (onnxfile.Sets, error) {
	s := o.Values[KeyOpset]
	if s == "" {
		return onnxfile.Sets{First: usualOpset, Last: lastOpset, Kernels: true}, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 13 || n > lastOpset {
		return onnxfile.Sets{}, fmt.Errorf("operator set %q cannot be written; 13 to %d can", s, lastOpset)
	}
	return onnxfile.Sets{First: n, Last: n, Kernels: true}, nil
}

// Legal says whether the node can be spelled.
func (Target) Legal(n *ir.Node, o target.Options) *diag.Finding {
	s, err := sets(o)
	if err != nil {
		return diag.Errorf("onnx.opset", "%v", err)
	}
	_, why := s.Need(n)
	if why == "" {
		why = lacks(n)
	}
	if why != "" {
		return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
	}
	return nil
}

// LastResort takes operators of newer sets, where they have no decomposition.
func (Target) LastResort(n *ir.Node, o target.Options) *diag.Finding {
	s, err := sets(o)
	if err != nil {
		return diag.Errorf("onnx.opset", "%v", err)
	}
	_, why := s.Any(n)
	if why == "" {
		why = lacks(n)
	}
	if why != "" {
		return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
	}
	return nil
}

// Prepare keeps quantized layers in floats that ONNX Runtime gets wrong in integers,
// and transposes inputs and outputs of rank 4 where the artefact is to have them
// channels-last.
func (Target) Prepare(_ context.Context, g *ir.Graph, reg *op.Registry, o target.Options) (diag.List, error) {
	found, err := inFloat(g, reg)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	if o.Layout == "nhwc" {
		err = onnxfile.ChannelsLast(g, reg)
	}
	return found, err
}

// Write writes NAME.onnx and, for very large models or on request,
// NAME.onnx.data.
func (Target) Write(ctx context.Context, g *ir.Graph, dir string, o target.Options) (*target.Artefact, error) {
	s, err := sets(o)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	f, err := onnxfile.Write(ctx, g, dir, o.Name, s, o.Values[KeyExternal] == "true")
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	a := &target.Artefact{Files: f.Names, Layers: f.Layers, Taps: f.Taps, Sums: f.Sums}
	a.Findings = append(a.Findings, shapeless(g)...)
	if f.Opset != usualOpset && s.First != s.Last {
		a.Findings = append(a.Findings, diag.Infof("onnx.opset-raised", "the model needs operator set %d (usually %d)", f.Opset, usualOpset))
	}
	return a, nil
}

// Tensors lists the names of all node outputs of the model file at path.
func (Target) Tensors(ctx context.Context, path string) ([]string, error) {
	names, err := onnxfile.Tensors(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return names, nil
}
