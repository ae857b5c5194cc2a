package plan

import (
	"context"
	"slices"
	"sort"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/pass/float16"
	"slipway/conversion/pass/fold"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/pass/recognise"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

func passConstants() *pass.Pass { return fold.Constants }

// computesInHalf lists the targets that have arithmetic in 16-bit floats; the
// others store weights in it.
var computesInHalf = map[string]bool{"onnx": true, "tensorrt": true, "coreml": true}

// has reports whether t takes the recognised operator n rather than its parts.
func has(t target.Target, n *ir.Node, o target.Options, static bool) bool {
	if static {
		switch p := quantize.Profiles[t.Info().Name]; {
		case p == nil:
		case p.InParts(n.Op):
			return false
		case p.Whole(n.Op):
			return true
		}
	}
	return t.Legal(n, o) == nil
}

// restore takes the recognised operators apart again that the target lacks, so
// that what is quantized and narrowed is what will be written.
func (r *run) restore() error {
	o := r.options()
	static := r.Recipe.Precision == "int8" && r.Recipe.Quantize.Scheme == "static"
	before := len(r.graph.Nodes)
	if err := r.pass(recognise.Restore(func(n *ir.Node) bool { return has(r.target, n, o, static) }), nil); err != nil {
		return err
	}
	if len(r.graph.Nodes) == before {
		return nil
	}
	// The parts leave arithmetic on constants and pairs of Transposes behind.
	if err := r.pass(passConstants(), nil); err != nil {
		return err
	}
	return r.pass(fold.Identity, nil)
}

// lacksBFloat16 lists what computes little or nothing in bfloat16, by target.
var lacksBFloat16 = map[string]string{"onnx": "ONNX Runtime on processors", "tflite": "TensorFlow Lite", "coreml": "Core ML", "ncnn": "ncnn"}

// inBFloat16 reports whether g, or a body in it, has tensors of bfloat16.
func inBFloat16(g *ir.Graph) bool {
	for _, v := range g.Values() {
		if v.DType == tensor.BFloat16 {
			return true
		}
	}
	return slices.ContainsFunc(g.Nodes, func(n *ir.Node) bool { return slices.ContainsFunc(n.Bodies(), inBFloat16) })
}

// widenBFloat16 makes a source that computes in bfloat16 compute in single precision,
// which holds all its numbers, where target t lacks it, and tells what was done. The
// file of the target named onnx keeps its interface.
func widenBFloat16(g *ir.Graph, reg *op.Registry, t string, run func(*pass.Pass) error) (diag.List, error) {
	lacks := lacksBFloat16[t]
	if lacks == "" || !inBFloat16(g) {
		return nil, nil
	}
	if err := run(float16.WidenBFloat16); err != nil {
		return nil, err
	}
	out := diag.List{diag.Infof("source.bfloat16", "%s does not compute in bfloat16: what the source computes in it is computed in 32 bits, and results are more precise than the source's", lacks)}
	if t == "onnx" {
		return out, nil
	}
	names, err := float16.Interface(g, reg, tensor.BFloat16)
	for _, name := range names {
		out = append(out, diag.Infof("source.bfloat16", "%s is f32 here: %s has no tensors of bfloat16", name, lacks))
	}
	return out, err
}

// widen makes a source that computes in half precision compute in single, where
// the recipe or the target asks for that.
func (r *run) widen() error {
	f, err := widenBFloat16(r.graph, r.Registry, r.Request.Target, func(p *pass.Pass) error { return r.pass(p, nil) })
	if err != nil {
		return err
	}
	r.report.Findings = append(r.report.Findings, f...)
	if r.Recipe.Precision == "fp16" && computesInHalf[r.Request.Target] {
		return nil
	}
	for _, n := range r.graph.Nodes {
		if v := n.Out(0); v != nil && v.DType == tensor.Float16 && !v.IsConst() {
			return r.pass(float16.Widen, nil)
		}
	}
	return nil
}

// narrow converts to half precision where the recipe asks for it.
func (r *run) narrow() error {
	if r.Recipe.Precision != "fp16" {
		return nil
	}
	o := float16.Defaults()
	if computesInHalf[r.Request.Target] {
		o.Mode = "arithmetic"
	}
	if watched[r.Request.Target] {
		if err := r.watch(o); err != nil {
			return err
		}
	}
	return r.pass(float16.Pass, o)
}

// watched lists the targets whose own runtime is seldom where the conversion is,
// so that overflow has to be found before it.
var watched = map[string]bool{"tensorrt": true}

// watchInputs is how many inputs magnitudes are measured on.
const watchInputs = 4

// watch measures which tensors half precision cannot hold; without a runtime
// that is a finding.
func (r *run) watch(o *float16.Options) error {
	if r.Env.Calibrate == nil {
		r.report.Findings = append(r.report.Findings, diag.Warnf("fp16.not-watched", "no runtime here could look for values beyond half precision").
			Suggest("install ONNX Runtime: studio runtimes install onnxruntime"))
		return nil
	}
	var batches quantize.Batches
	var err error
	if dir := r.Recipe.Quantize.Calibration; dir != "" {
		batches, err = r.Env.Calibrate.Inputs(r.ctx, r.graph, dir, watchInputs)
	} else {
		batches, err = r.Env.Calibrate.Random(r.graph, watchInputs)
	}
	if err != nil {
		return err
	}
	var inputs [][]*tensor.Tensor
	for in, err := range batches {
		if err != nil {
			return diag.FromError("fp16.watch", err)
		}
		if inputs = append(inputs, in); len(inputs) == watchInputs {
			break
		}
	}
	var running quantize.Running
	defer func() {
		if running != nil {
			running.Close()
		}
	}()
	o.Largest, err = float16.Watch(r.ctx, r.graph, r.Registry, inputs, func(ctx context.Context, g *ir.Graph) (float16.Run, error) {
		var err error
		if running, err = r.Env.Calibrate.Open(ctx, g); err != nil {
			return nil, err
		}
		return running.Run, nil
	})
	if err != nil && r.ctx.Err() == nil {
		r.report.Findings = append(r.report.Findings, diag.Warnf("fp16.not-watched", "values beyond half precision could not be looked for: %v", err))
		return nil
	}
	return err
}

// taps remembers, for every source layer, which tensor of the source file holds
// its output, before any pass renames one. Of several outputs it is the first, and
// the others are no longer said to hold the layer: what is compared with it must be
// made of the same one.
func (r *run) taps(g *ir.Graph) {
	r.source = map[string]string{}
	for _, n := range g.Nodes {
		first := true
		for _, v := range n.Outputs {
			if v == nil {
				continue
			}
			if !first {
				v.Layers = nil
				continue
			}
			first = false
			for _, layer := range v.Layers {
				if r.source[layer] == "" {
					r.source[layer] = v.Name
					r.order = append(r.order, layer)
				}
			}
		}
	}
}

// layers pairs source tensors with the artefact's, in the source's order.
func (r *run) layers(a *target.Artefact) []Layer {
	var out []Layer
	for _, name := range r.order {
		if t, ok := a.Taps[name]; ok {
			out = append(out, Layer{Name: name, Source: r.source[name], Artefact: t})
		}
	}
	return out
}

// precisions tells for every source layer what its weights are stored in, or,
// where it has none, what its output is.
func (r *run) precisions() {
	weights := map[string]tensor.DType{}
	outputs := map[string]tensor.DType{}
	for _, n := range r.graph.Nodes {
		for _, layer := range n.Origin {
			if v := n.Out(0); v != nil && outputs[layer] == tensor.Invalid {
				outputs[layer] = v.DType
			}
			for _, v := range n.Inputs {
				if d := stored(v); d != tensor.Invalid && (weights[layer] == tensor.Invalid || d.Bits() < weights[layer].Bits()) {
					weights[layer] = d
				}
			}
		}
	}
	var names []string
	for l := range outputs {
		names = append(names, l)
	}
	sort.Strings(names)
	for _, l := range names {
		d := outputs[l]
		if w := weights[l]; w != tensor.Invalid {
			d = w
		}
		r.report.Precision[l] = d.String()
	}
}

// stored is the element type of the constant behind a weight operand: through
// the Cast or DequantizeLinear that unpacks it. Invalid for all else and for
// constants of rank below 2, which are not weights.
func stored(v *ir.Value) tensor.DType {
	if v == nil {
		return tensor.Invalid
	}
	if n := v.Node(); n != nil && (n.Op == "Cast" || n.Op == "DequantizeLinear") && n.In(0).IsConst() {
		v = n.In(0)
	}
	if v.IsConst() && v.Rank() >= 2 && v.DType != tensor.Int64 && v.DType != tensor.Int32 {
		return v.DType
	}
	return tensor.Invalid
}
