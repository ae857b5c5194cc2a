package tflite

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// Target writes .tflite files. The zero value is ready.
type Target struct{}

var _ target.Target = Target{}

// Keys of target.Options.Values.
const (
	KeyIO = "io" // "int8": the inputs and outputs of a quantized model are its integers; "float" (default)
)

// Info describes the target.
func (Target) Info() target.Info {
	return target.Info{
		Name: "tflite", Title: "TensorFlow Lite", Short: "TFLite",
		About:      "LiteRT and TensorFlow Lite on phones, boards and microcontrollers",
		Precisions: []string{"fp32", "fp16", "int8"},
		Runtimes:   []string{"litert"},
		Main:       ".tflite",
	}
}

// shallow are operators that XNNPACK takes and then refuses to prepare where a tensor
// has more than six axes.
var shallow = map[string]bool{
	"Concat": true, "Gather": true, "Split": true, "Softmax": true, "LayerNormalization": true, "BatchNormalization": true,
	"ReduceSum": true, "ReduceMean": true, "ReduceMax": true, "ReduceMin": true, "ReduceProd": true, "ReduceL1": true, "ReduceL2": true,
	"ReduceSumSquare": true, "ReduceLogSum": true, "ReduceLogSumExp": true,
}

// Legal returns nil where n can be spelled as it is.
func (Target) Legal(n *ir.Node, _ target.Options) *diag.Finding {
	if tellsSizes(n) {
		return nil
	}
	s, ok := spellings[n.Op]
	if !ok {
		return diag.Errorf("tflite.unsupported-op", "%s has no TensorFlow Lite builtin", n.Op).At(n.Name)
	}
	if why := legalTypes(n); why != "" {
		return diag.Errorf("tflite.unsupported-type", "%s %s", n.Op, why).At(n.Name)
	}
	if r, most := n.In(0).Rank(), 6; r > most && shallow[n.Op] {
		return diag.Errorf("tflite.unsupported-form", "%s: rank %d", n.Op, r).At(n.Name)
	}
	if s.legal != nil {
		if why := s.legal(n); why != "" {
			return diag.Errorf("tflite.unsupported-form", "%s: %s", n.Op, why).At(n.Name)
		}
	}
	return nil
}

// JoinAxes is what most kernels that work along axes have in common.
func (Target) JoinAxes() int { return 5 }

// Prepare has nothing to do: axis orders and fused activations are decided
// while writing, on the side.
func (Target) Prepare(context.Context, *ir.Graph, *op.Registry, target.Options) (diag.List, error) {
	return nil, nil
}

// Write writes NAME.tflite.
func (Target) Write(ctx context.Context, g *ir.Graph, dir string, o target.Options) (*target.Artefact, error) {
	if v := o.Values[KeyIO]; v != "" && v != "float" && v != "int8" {
		return nil, fmt.Errorf("tflite: %s is float or int8, not %q", KeyIO, v)
	}
	w := newWriter(g, o)
	if err := w.build(ctx); err != nil {
		return nil, err
	}
	name := o.Name + ".tflite"
	sum, err := writeSummed(ctx, w.m, filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	return &target.Artefact{Files: []string{name}, Sums: map[string]string{name: sum}, Layers: w.layers, Taps: w.taps, Findings: append(w.findings, awkward(g)...)}, nil
}

// contextWriter stops a long write when its context ends.
type contextWriter struct {
	ctx context.Context
	f   io.Writer
}

func (c *contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.f.Write(p)
}

// Computes lists the types that the runtime's kernels have in common; 8-bit
// integers stand for quantized numbers there.
func (Target) Computes(d tensor.DType) bool {
	switch d {
	case tensor.Float32, tensor.Int32, tensor.Int64, tensor.Bool:
		return true
	}
	return false
}

// legalTypes refuses element types that the runtime's kernels do not compute.
func legalTypes(n *ir.Node) string {
	for _, list := range [][]*ir.Value{n.Inputs, n.Outputs} {
		for _, v := range list {
			if v == nil {
				continue
			}
			switch v.DType {
			case tensor.Float32, tensor.Int8, tensor.Uint8, tensor.Int32, tensor.Int64, tensor.Bool:
			case tensor.Float16:
				if n.Op != "Cast" {
					return "computes in f16, which is only a storage type here"
				}
			case tensor.Float64, tensor.Int16, tensor.Uint16, tensor.Uint32, tensor.Uint64:
				if n.Op != "Cast" {
					return worksOn(v.DType)
				}
			case tensor.String:
				return "works on text, of which TensorFlow Lite computes nothing: what turns text into numbers has to stay outside"
			default:
				return worksOn(v.DType)
			}
			if v.Shape == nil {
				return "has a tensor of unknown rank"
			}
		}
	}
	return ""
}

// worksOn names the type of a refused operator and what its kernels have instead.
func worksOn(d tensor.DType) string {
	return fmt.Sprintf("works on %v; the kernels have f32, i8, u8, i32, i64 and bool", d)
}

// noKernel refuses a type that other operators have.
func noKernel(d tensor.DType) string { return fmt.Sprintf("its kernel does not compute in %v", d) }
