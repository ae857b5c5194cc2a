package ncnn

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// Target writes ncnn models. The zero value is ready.
type Target struct{}

var _ target.Target = Target{}

// Info describes the target.
func (Target) Info() target.Info {
	return target.Info{
		Name: "ncnn", Title: "ncnn",
		About:      "Phones and small boards: .param and .bin with fixed sizes and without batch",
		Precisions: []string{"fp32", "fp16", "int8"},
		Runtimes:   []string{"ncnn"},
		Main:       ".param",
	}
}

// Legal says whether ncnn has the node as layers. Fit has fixed all sizes.
func (Target) Legal(n *ir.Node, _ target.Options) *diag.Finding {
	if why := refusal(n); why != "" {
		return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
	}
	return nil
}

// Fit fixes open sizes: the batch to 1, all others to the usual ones of their
// range.
func (Target) Fit(_ context.Context, g *ir.Graph, reg *op.Registry, o target.Options) (diag.List, error) {
	var out diag.List
	spans, names, _, err := target.Spans(g, o.Ranges)
	if err != nil {
		return nil, err
	}
	batch := map[string]bool{}
	for _, v := range g.Inputs {
		if v.Rank() > 1 {
			for _, s := range v.Shape[0].Symbols() {
				batch[s] = true
			}
		}
	}
	did, err := target.FixSizes(g, func(s string) int64 {
		if batch[s] {
			return 1
		}
		return spans[s].Opt
	})
	if err != nil {
		return nil, err
	}
	for _, v := range g.Inputs {
		if v.Rank() > 1 && !v.Shape[0].Is(1) {
			out = append(out, diag.Warnf("ncnn.batch", "ncnn has no batch; the first axis of input %q (%v) becomes an ordinary one", v.Name, v.Shape[0]).
				Suggest("convert with --batch 1 where it is the batch"))
		}
	}
	switch {
	case did == "":
		return out, nil
	case len(names) == len(batch):
		out = append(out, diag.Infof("ncnn.batch", "the batch of %q is fixed to 1: ncnn runs one input at a time", g.Inputs[0].Name))
	default:
		out = append(out, diag.Warnf("ncnn.size", "ncnn's layers need known sizes; they are made for %s", did).
			Suggest("say which: --input-shape %s=…", g.Inputs[0].Name))
	}
	if err := reg.InferGraph(g); err != nil {
		return out, diag.Errorf("ncnn.size", "the model does not take %s: %v", did, err).Suggest("give sizes that it takes: --input-shape %s=…", g.Inputs[0].Name)
	}
	return out, nil
}

// Prepare refuses a layout with channels last, and what is not legal. Sizes that
// are open still are fixed.
func (t Target) Prepare(ctx context.Context, g *ir.Graph, reg *op.Registry, o target.Options) (diag.List, error) {
	if o.Layout == "nhwc" {
		return diag.List{diag.Errorf("ncnn.layout", "ncnn's pictures lie channel by channel").Suggest("leave the layout as it is")}, diag.List{}
	}
	told := !slices.ContainsFunc(g.Inputs, func(v *ir.Value) bool { _, known := v.Shape.Ints(); return !known })
	out, err := t.Fit(ctx, g, reg, o)
	if err != nil {
		return out, err
	}
	if told {
		out = nil // by the Fit before
	}
	for _, n := range g.Nodes {
		if f := t.Legal(n, o); f != nil {
			return append(out, f), diag.List{}
		}
	}
	return out, nil
}

// Write writes NAME.param and NAME.bin.
func (Target) Write(ctx context.Context, g *ir.Graph, dir string, o target.Options) (*target.Artefact, error) {
	e, findings, err := build(g)
	if err != nil {
		return nil, fmt.Errorf("ncnn: %w", err)
	}
	name := o.Name
	if name == "" {
		name = "model"
	}
	a := &target.Artefact{Files: []string{name + ".param", name + ".bin"}, Layers: map[string][]string{}, Taps: map[string]string{}, Findings: findings}
	for _, l := range e.layers {
		origin := slices.Clone(l.origin)
		slices.Sort(origin)
		a.Layers[l.name] = slices.Compact(origin)
	}
	for v, b := range e.at {
		for _, l := range v.Layers {
			a.Taps[l] = b.name
		}
	}
	if err := create(filepath.Join(dir, a.Files[1]), func(w io.Writer) error { return e.writeBin(ctx, w) }); err != nil {
		return nil, fmt.Errorf("ncnn: %w", err)
	}
	if err := create(filepath.Join(dir, a.Files[0]), e.writeParam); err != nil {
		return nil, fmt.Errorf("ncnn: %w", err)
	}
	return a, nil
}

// build spells the whole graph.
func build(g *ir.Graph) (*emitter, diag.List, error) {
	e := newEmitter(g)
	var findings diag.List
	for k, v := range g.Inputs {
		d, ok := v.Shape.Ints()
		if !ok || slices.Contains(d, 0) {
			return nil, nil, fmt.Errorf("input %q has the shape %v; sizes must be known", v.Name, v.Shape)
		}
		dims := natural(d)
		l := &layer{typ: "Input", name: e.unique("l:", v.Name), params: append(extent(dims), shapes(append([]int{}, d...)))}
		b := &blob{name: e.unique("b:", "in"+strconv.Itoa(k)), dims: dims, from: l}
		l.out = []*blob{b}
		e.layers = append(e.layers, l)
		e.at[v] = b
		switch {
		case v.DType == tensor.Float32:
		case v.DType.IsInt():
			findings = append(findings, e.integerInput(v, b))
		case v.DType == tensor.Float16 || v.DType == tensor.Bool:
			findings = append(findings, diag.Infof("ncnn.io-widened", "input %q is a blob of 32-bit floats", v.Name))
		default:
			return nil, nil, diag.Errorf("ncnn.input", "input %q holds %v; ncnn's blobs are 32-bit floats", v.Name, v.DType)
		}
	}
	findings = append(findings, rounded(g)...)
	for k := range g.Outputs {
		e.taken["b:out"+strconv.Itoa(k)] = true
	}
	for _, n := range g.Nodes {
		if why := e.spell(n); why != "" {
			return nil, nil, diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
		}
		findings = append(findings, floatAgain(e, n)...)
	}
	var results []*blob
	var names []string
	for k, v := range g.Outputs {
		d, ok := v.Shape.Ints()
		if !ok || slices.Contains(d, 0) || v.DType != tensor.Float32 && v.DType != tensor.Float16 && !isWhole(v.DType) && !isShort(v.DType) {
			return nil, nil, diag.Errorf("ncnn.output", "output %q is %v%v; ncnn gives 32-bit floats of fixed sizes", v.Name, v.DType, v.Shape)
		}
		e.node = &ir.Node{Name: v.Name}
		if n := v.Node(); n != nil {
			e.node = n
		}
		e.why = ""
		if g := given(v); g != nil && e.raw[g] != nil && e.at[g] == e.raw[g] {
			return nil, nil, diag.Errorf("ncnn.output", "output %q shows the input %q, which is places in a table", v.Name, g.Name)
		}
		results = append(results, e.as(v, natural(d)...))
		if e.why != "" {
			return nil, nil, fmt.Errorf("output %q: %s", v.Name, e.why)
		}
		names = append(names, fmt.Sprintf("%s is out%d", v.Name, k))
		switch {
		case v.DType == tensor.Float16 || v.DType == tensor.Bool:
			findings = append(findings, diag.Infof("ncnn.io-widened", "output %q is a blob of 32-bit floats", v.Name))
		case v.DType.IsInt():
			findings = append(findings, diag.Infof("ncnn.io-widened", "output %q is a blob of 32-bit floats, which hold whole numbers to 16777216", v.Name))
		}
	}
	for k, v := range g.Inputs {
		names = append(names, fmt.Sprintf("%s is in%d", v.Name, k))
	}
	e.call(g.Nodes)
	e.split(results)
	e.note(g.Outputs)
	findings = append(findings, diag.Infof("ncnn.names", "blobs are called as ncnn's tools do: %s", strings.Join(names, ", ")))
	return e, findings, nil
}

// FloatLayer says of a convolution with groups that it computes in float.
func (Target) FloatLayer(n *ir.Node) string {
	if n.Op != "Conv" {
		return ""
	}
	w := n.In(1)
	if w.Rank() == 5 {
		return "integer convolutions have two spatial dimensions"
	}
	if g := n.Int("group", 1); g == 1 || w.Rank() > 0 && w.Shape[0].Is(g) {
		return ""
	}
	return "integer convolutions have one group or one channel in each"
}

// floatAgain tells of quantized weights whose layer computes in float: ncnn's
// integer convolutions are without groups or with one channel in each.
func floatAgain(e *emitter, n *ir.Node) diag.List {
	if n.Op != "Conv" || !ours(n) && (n.In(1).Node() == nil || !ours(n.In(1).Node())) {
		return nil
	}
	why := Target{}.FloatLayer(n)
	if why == "" {
		return nil
	}
	f := diag.Infof("ncnn.float-layer", "layer %q computes in float: %s", n.Name, why)
	f.Layers = n.Origin
	return diag.List{f.At(n.Name)}
}

func create(path string, write func(io.Writer) error) error {
	f, err := target.CreateSparse(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return f.Close()
}
