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
		About:      "Phones and small boards: .ncnn.param and .ncnn.bin with fixed sizes and without batch",
		Precisions: []string{"fp32", "fp16", "int8"},
		Runtimes:   []string{}, // no adapter runs ncnn: a verdict is "not run"
		Main:       ".ncnn.param",
	}
}

// Legal says whether ncnn has the node as layers. A symbolic size counts as 1:
// Prepare fixes the batch to that and refuses others.
func (Target) Legal(n *ir.Node, _ target.Options) *diag.Finding {
	if why := refusal(n); why != "" {
		return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
	}
	return nil
}

// Prepare fixes a symbolic batch to 1. Any other size that is not known is an
// error finding, as is a layout with channels last.
func (t Target) Prepare(_ context.Context, g *ir.Graph, reg *op.Registry, o target.Options) (diag.List, error) {
	if o.Layout == "nhwc" {
		return diag.List{diag.Errorf("ncnn.layout", "ncnn's pictures lie channel by channel").Suggest("leave the layout as it is")}, diag.List{}
	}
	var out diag.List
	batch := map[string]bool{}
	for _, v := range g.Inputs {
		if len(v.Shape) > 0 {
			for _, s := range v.Shape[0].Symbols() {
				batch[s] = true
			}
		}
	}
	for _, v := range g.Inputs {
		if v.Shape == nil {
			out = append(out, diag.Errorf("ncnn.size", "the rank of input %q is not known", v.Name).Suggest("give its shape: --input-shape %s=…", v.Name))
			continue
		}
		v.Shape = v.Shape.Clone()
		for a, d := range v.Shape {
			n, ok := d.With(func(s string) int64 {
				if batch[s] {
					return 1
				}
				return -1 << 40
			})
			if !ok || n <= 0 {
				out = append(out, diag.Errorf("ncnn.size", "ncnn needs fixed sizes; axis %d of input %q is %v", a, v.Name, d).
					Suggest("fix it: --input-shape %s=…", v.Name))
				continue
			}
			v.Shape[a] = ir.Static(n)
		}
		if v.Rank() > 1 && !v.Shape[0].Is(1) {
			out = append(out, diag.Warnf("ncnn.batch", "ncnn has no batch; the first axis of input %q (%v) becomes an ordinary one", v.Name, v.Shape[0]).
				Suggest("convert with --batch 1 where it is the batch"))
		}
	}
	if len(out.Errors()) > 0 {
		return out, diag.List{}
	}
	if len(batch) > 0 {
		out = append(out, diag.Infof("ncnn.batch", "the batch is fixed to 1: ncnn runs one input at a time"))
	}
	if err := reg.InferGraph(g); err != nil {
		f := diag.Errorf("ncnn.batch", "the model does not take a batch of 1, which is all that ncnn runs: %v", err).Suggest("fix the batch: --input-shape")
		return append(out, f), diag.List{}
	}
	for _, n := range g.Nodes {
		if f := t.Legal(n, o); f != nil {
			return append(out, f), diag.List{}
		}
	}
	return out, nil
}

// Write writes NAME.ncnn.param and NAME.ncnn.bin.
func (Target) Write(ctx context.Context, g *ir.Graph, dir string, o target.Options) (*target.Artefact, error) {
	e, findings, err := build(g)
	if err != nil {
		return nil, fmt.Errorf("ncnn: %w", err)
	}
	name := o.Name
	if name == "" {
		name = "model"
	}
	a := &target.Artefact{Files: []string{name + ".ncnn.param", name + ".ncnn.bin"}, Layers: map[string][]string{}, Taps: map[string]string{}, Findings: findings}
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
		if v.DType != tensor.Float32 && v.DType != tensor.Float16 {
			return nil, nil, diag.Errorf("ncnn.input", "input %q holds %v; ncnn's blobs are 32-bit floats", v.Name, v.DType)
		}
		if v.DType == tensor.Float16 {
			findings = append(findings, diag.Infof("ncnn.io-widened", "input %q is a blob of 32-bit floats", v.Name))
		}
		dims := natural(d)
		l := &layer{typ: "Input", name: e.unique("l:", v.Name), params: extent(dims)}
		b := &blob{name: e.unique("b:", "in"+strconv.Itoa(k)), dims: dims, from: l}
		l.out = []*blob{b}
		e.layers = append(e.layers, l)
		e.at[v] = b
	}
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
		if !ok || v.DType != tensor.Float32 && v.DType != tensor.Float16 {
			return nil, nil, diag.Errorf("ncnn.output", "output %q is %v%v; ncnn gives 32-bit floats of fixed sizes", v.Name, v.DType, v.Shape)
		}
		e.node = &ir.Node{Name: v.Name}
		if n := v.Node(); n != nil {
			e.node = n
		}
		e.why = ""
		results = append(results, e.as(v, natural(d)...))
		if e.why != "" {
			return nil, nil, fmt.Errorf("output %q: %s", v.Name, e.why)
		}
		names = append(names, fmt.Sprintf("%s is out%d", v.Name, k))
	}
	for k, v := range g.Inputs {
		names = append(names, fmt.Sprintf("%s is in%d", v.Name, k))
	}
	e.split(results)
	findings = append(findings, diag.Infof("ncnn.names", "blobs are called as ncnn's tools do: %s", strings.Join(names, ", ")))
	return e, findings, nil
}

// floatAgain tells of quantized weights whose layer computes in float: ncnn's
// integer convolutions are without groups or with one channel in each.
func floatAgain(e *emitter, n *ir.Node) diag.List {
	if n.Op != "Conv" || !ours(n) && (n.In(1).Node() == nil || !ours(n.In(1).Node())) {
		return nil
	}
	if g := n.Int("group", 1); g == 1 || g == int64(full(n.In(1))[0]) {
		return nil
	}
	f := diag.Infof("ncnn.float-layer", "layer %q computes in float: integer convolutions have one group or one channel in each", n.Name)
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
