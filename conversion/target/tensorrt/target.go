package tensorrt

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
	"slipway/conversion/target/internal/onnxfile"
	"slipway/conversion/target/internal/quantized"
	"slipway/conversion/target/tensorrt/unsigned"
)

// Target writes strongly typed ONNX for TensorRT. The zero value is ready.
type Target struct{}

var (
	_ target.Target = Target{}
	_ target.Namer  = Target{}
	_ target.Fitter = Target{}
)

// The operator sets to write: the usual one, and the last that a graph can make
// necessary.
var sets = onnxfile.Sets{First: 17, Last: 21}

// Info describes the target.
func (Target) Info() target.Info {
	return target.Info{
		Name: "tensorrt", Title: "TensorRT",
		About:      "NVIDIA GPUs: a strongly typed .onnx with explicit precision, and the settings to build an engine with",
		Precisions: []string{"fp32", "fp16", "int8"},
		Runtimes:   []string{"ort"},
		Main:       ".onnx",
	}
}

// Legal says whether ONNX can spell the node and TensorRT's parser takes it.
func (Target) Legal(n *ir.Node, _ target.Options) *diag.Finding {
	if why := refusal(n); why != "" {
		return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
	}
	if _, why := sets.Need(n); why != "" {
		return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
	}
	return nil
}

// Fit holds 8-bit unsigned integers in types that TensorRT computes with.
func (Target) Fit(_ context.Context, g *ir.Graph, reg *op.Registry, _ target.Options) (diag.List, error) {
	err := unsigned.Free(g, reg, func(n *ir.Node) bool { return typed(n) == "" }, func(op string) bool { return operators[op] })
	if err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	return nil, nil
}

// Prepare makes biases float, and weights of convolutions of floats, leaves the
// convolution that ends in a residual sum unquantized on that edge, and gives inputs
// and outputs their layout.
func (Target) Prepare(_ context.Context, g *ir.Graph, reg *op.Registry, o target.Options) (diag.List, error) {
	if f := target.UnknownRank(g); f != nil {
		return nil, f
	}
	if err := floatBiases(g, reg); err != nil {
		return nil, err
	}
	told := &quantized.Told{Code: "tensorrt.float-layer"}
	if err := floatWeights(g, reg, told); err != nil {
		return nil, err
	}
	if err := openSums(g, reg); err != nil {
		return nil, err
	}
	if o.Layout == "nhwc" {
		return told.Findings(), onnxfile.ChannelsLast(g, reg)
	}
	return told.Findings(), nil
}

// Write writes NAME.onnx, NAME.build.json and, for very large models,
// NAME.onnx.data.
func (Target) Write(ctx context.Context, g *ir.Graph, dir string, o target.Options) (*target.Artefact, error) {
	for _, n := range g.Nodes {
		if why := refusal(n); why != "" {
			return nil, fmt.Errorf("tensorrt: %w", diag.Errorf("target.unsupported-op", "%s", why).At(n.Name))
		}
	}
	f, err := onnxfile.Write(ctx, g, dir, o.Name, sets, false)
	if err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	a := &target.Artefact{Files: f.Names, Layers: f.Layers, Taps: f.Taps, Sums: f.Sums}
	b, findings, err := describe(g, f, o.Ranges)
	if err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	side := o.Name
	if side == "" {
		side = "model"
	}
	side += ".build.json"
	if err := os.WriteFile(filepath.Join(dir, side), append(text, '\n'), 0o644); err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	a.Files = append(a.Files, side)
	for _, v := range g.Outputs {
		if v.Shape == nil {
			findings = append(findings, diag.Warnf("tensorrt.unknown-rank", "the rank of output %q depends on values: TensorRT's parser may not take the model", v.Name))
		}
	}
	findings = append(findings, toldShapeInputs(g)...)
	a.Findings = append(findings, diag.Infof("tensorrt.not-built",
		"the numbers are checked on ONNX Runtime's CPU, not on TensorRT: an engine fits one GPU and one version and is built where it runs").
		Suggest("on the GPU machine: trtexec %s", b.command()))
	return a, nil
}

// Tensors lists the names of all node outputs of the model file at path.
func (Target) Tensors(ctx context.Context, path string) ([]string, error) {
	names, err := onnxfile.Tensors(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	return names, nil
}
