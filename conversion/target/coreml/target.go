package coreml

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass/fold"
	"slipway/conversion/schema/mil"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// Target writes Core ML packages. The zero value is ready.
type Target struct{}

var _ target.Target = Target{}

// maxRank is the most dimensions that a tensor of Core ML has.
const maxRank = 5

// Info describes the target.
func (Target) Info() target.Info {
	return target.Info{
		Name: "coreml", Title: "Core ML",
		About:      "iPhone, iPad and Mac: an .mlpackage with an ML Program (iOS 16, macOS 13 and later)",
		Precisions: []string{"fp32", "fp16", "int8"},
		Runtimes:   checkers(),
		Main:       ".mlpackage",
	}
}

// checkers are the runtimes that can check packages: Apple's own where it may be,
// else the one that computes their numbers.
func checkers() []string {
	if runtime.GOOS == "darwin" {
		return []string{"coreml", "mil"}
	}
	return []string{"mil", "coreml"}
}

// Legal says whether the node can be spelled. Symbolic sizes are taken for
// known, as Prepare gives them a value.
func (Target) Legal(n *ir.Node, o target.Options) *diag.Finding {
	if constantNode(n) {
		return nil
	}
	why := unsupportedType(n)
	if s, ok := spellings[n.Op]; why == "" && !ok {
		why = "Core ML has no equivalent of " + n.Op
	} else if attends(n) && !attention(o) {
		why = "attention is written in parts where the settings do not ask for one operation"
	} else if why == "" && s.legal != nil {
		why = s.legal(n)
	}
	if why == "" {
		return nil
	}
	return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
}

// MaxAxes is the most axes of a tensor.
func (Target) MaxAxes() int { return maxRank }

// Computes lists what programs hold without loss.
func (Target) Computes(d tensor.DType) bool {
	return held(d) == d || d == tensor.Int64
}

// unsupportedType says why a node's tensors cannot be held.
func unsupportedType(n *ir.Node) string {
	for _, list := range [][]*ir.Value{n.Inputs, n.Outputs} {
		for _, v := range list {
			switch {
			case v == nil:
			case empty(v) && v.Node() == n:
				return "Core ML cannot hold a tensor without elements"
			case held(v.DType) == tensor.Invalid:
				return fmt.Sprintf("Core ML cannot hold tensors of %v", v.DType)
			case v.Rank() < 0:
				return n.Op + " needs tensors of known rank"
			case v.Rank() > maxRank:
				return fmt.Sprintf("Core ML has tensors of at most %d dimensions, %s has %d", maxRank, n.Op, v.Rank())
			}
		}
	}
	return ""
}

// empty reports whether v is known to have no elements.
func empty(v *ir.Value) bool {
	return slices.ContainsFunc(v.Shape, func(d ir.Dim) bool { return d.Is(0) })
}

// Prepare decides which sizes stay open, and takes out the integer
// grids that quantization put between layers: Core ML 6 quantizes weights alone.
func (Target) Prepare(ctx context.Context, g *ir.Graph, reg *op.Registry, o target.Options) (diag.List, error) {
	var out diag.List
	for _, v := range append(slices.Clone(g.Inputs), g.Outputs...) {
		if empty(v) {
			return out, diag.Errorf("coreml.empty", "%q has no elements, which Core ML cannot hold", v.Name).Suggest("choose another target, or take it out of the interface")
		}
	}
	if set, err := settings(o); err != nil {
		return out, err
	} else if set.Attention && !set.allows(blockVersion) {
		out = append(out, diag.Warnf("coreml.version", "attention in one operation needs specification %d (iOS 18), %s was asked for: it is written in parts", blockVersion, set.Version).
			Suggest("set the version to auto or %d", blockVersion))
	}
	if o.Picture != nil {
		l, err := onePicture(g, reg, o.Picture)
		out = append(out, l...)
		if err != nil {
			return out, err
		}
	}
	l, err := settle(g, reg, o)
	out = append(out, l...)
	if err != nil {
		return out, err
	}
	if layers, _ := unknownSizes(g); len(layers) > 0 {
		// Sizes may be computed in ways that shape inference does not follow.
		_, err := fold.Constants.Run1(ctx, g, reg, nil, &out)
		if i := slices.IndexFunc(l, func(f *diag.Finding) bool { return f.Code == fixedShape }); err != nil && i >= 0 {
			return out, diag.Errorf(fixedShape, "the model does not take the sizes that it was given (%s): %v", l[i].Text, err).
				Suggest("give the input's sizes with --input-shape")
		}
		if err != nil {
			return out, err
		}
	}
	if layers, ops := unknownSizes(g); len(layers) > 0 {
		f := diag.Errorf("coreml.unknown-size", "the sizes of %d layers' results (%s) depend on the data; Core ML needs to know them", len(layers), strings.Join(ops, ", ")).
			Suggest("fix the input shapes with --input-shape; what still depends on values cannot be held")
		f.Layers = layers
		return out, f
	}
	if o.Precision == "int8" {
		n, err := weightsOnly(g, reg)
		if err != nil {
			return out, err
		}
		if n > 0 {
			out = append(out, diag.Infof("coreml.weight-only", "weights are stored as 8-bit integers; activations stay in floats (%d quantized tensors)", n).
				Suggest("Core ML computes with 8-bit activations from iOS 17 on, and faster on few devices only"))
		}
	}
	return out, ctx.Err()
}

// follows reports whether s follows from the sizes of the inputs.
func follows(g *ir.Graph, s ir.Shape) bool {
	if s == nil {
		return false
	}
	for _, d := range s {
		known := true
		_, ok := d.With(func(symbol string) int64 {
			known = known && slices.ContainsFunc(g.Inputs, func(v *ir.Value) bool {
				return slices.ContainsFunc(v.Shape, func(x ir.Dim) bool { return slices.Contains(x.Symbols(), symbol) })
			})
			return 2
		})
		if !ok || !known {
			return false
		}
	}
	return true
}

// unknownSizes lists the source layers whose results have sizes that are not
// known, and which are not constant, and the operators that they became.
func unknownSizes(g *ir.Graph) (layers, ops []string) {
	for _, n := range g.Nodes {
		for _, v := range n.Outputs {
			if v != nil && !follows(g, v.Shape) && !constantNode(n) {
				layers, ops = append(layers, n.Origin...), append(ops, n.Op)
				break
			}
		}
	}
	slices.Sort(layers)
	slices.Sort(ops)
	return slices.Compact(layers), slices.Compact(ops)
}

// Write writes NAME.mlpackage.
func (Target) Write(ctx context.Context, g *ir.Graph, dir string, o target.Options) (*target.Artefact, error) {
	if o.Name == "" {
		o.Name = "model"
	}
	name := o.Name + ".mlpackage"
	a, err := write(ctx, g, filepath.Join(dir, name), o)
	if err != nil {
		return nil, fmt.Errorf("coreml: %w", err)
	}
	a.Files = []string{name}
	return a, nil
}

func write(ctx context.Context, g *ir.Graph, root string, o target.Options) (*target.Artefact, error) {
	weights := filepath.Join(root, mil.WeightsFile)
	if err := os.MkdirAll(filepath.Dir(weights), 0o755); err != nil {
		return nil, err
	}
	f, err := target.CreateSparse(weights)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	blobs, err := mil.NewBlobs(f)
	if err != nil {
		return nil, err
	}
	set, err := settings(o)
	if err != nil {
		return nil, err
	}
	e := newEmitter(g, o.Registry, blobs, set.version(g))
	if set.Weights == "palette" {
		e.bits = set.PaletteBits()
	}
	e.nhwc = o.Layout == "nhwc"
	if e.spans, _, err = spansOf(g, o); err != nil {
		return nil, err
	}
	if o.Picture != nil {
		if v, why := pictured(g, o.Picture); why == "" {
			e.photo = &photo{Picture: o.Picture, v: v}
			if e.photo.sizes, err = sizesOf(set.Sizes); err != nil {
				return nil, err
			}
		}
	}
	e.classified = o.Classes
	model, err := e.model(ctx)
	if err != nil {
		return nil, err
	}
	model.Meta["slipway.precision"] = o.Precision
	if err := blobs.Close(); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	b, err := mil.Encode(model)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(root, mil.ModelFile), b, 0o644); err != nil {
		return nil, err
	}
	if err := mil.WriteManifest(root, b); err != nil {
		return nil, err
	}
	return &target.Artefact{Layers: e.layers, Taps: e.taps(), Findings: append(e.findings, integers(g)...), Stored: e.palettes}, nil
}
