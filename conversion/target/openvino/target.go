package openvino

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// Target writes OpenVINO IR. The zero value is ready.
type Target struct{}

var _ target.Target = Target{}

// Info describes the target.
func (Target) Info() target.Info {
	return target.Info{
		Name: "openvino", Title: "OpenVINO",
		About:      "Intel processors and graphics: an .xml and a .bin file (IR version 11)",
		Precisions: []string{"fp32", "fp16", "int8"},
		Runtimes:   []string{"openvino"},
		Main:       ".xml",
	}
}

// Legal says whether the node can be spelled.
func (Target) Legal(n *ir.Node, _ target.Options) *diag.Finding {
	s, ok := spellings[n.Op]
	why := ""
	switch {
	case constantLike(n):
		return nil
	case !ok:
		why = fmt.Sprintf("OpenVINO has no equivalent of %s", n.Op)
	default:
		if why = unsupportedType(n); why == "" && s.legal != nil {
			why = s.legal(n)
		}
		if why == "" && beyond32(n) {
			why = "OpenVINO's plugins compute integers in 32 bits with a sign, which a constant of " + n.Op + " does not fit"
		}
	}
	if why == "" {
		return nil
	}
	return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
}

// Prepare turns keys of 8 bits where the products do it, and keeps quantized layers
// in floats that the runtime gets wrong in integers. IR has NCHW like the graph, and
// its runtime fuses activations itself.
func (Target) Prepare(_ context.Context, g *ir.Graph, reg *op.Registry, _ target.Options) (diag.List, error) {
	if f := target.UnknownRank(g); f != nil {
		return nil, f
	}
	if err := turnKeys(g, reg); err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	found, err := inFloat(g, reg)
	if err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	return found, nil
}

// Write writes NAME.xml and NAME.bin. With Layout "nhwc", inputs and outputs of
// rank 4 are transposed.
func (Target) Write(ctx context.Context, g *ir.Graph, dir string, o target.Options) (*target.Artefact, error) {
	name := o.Name
	if name == "" {
		name = "model"
	}
	bin, err := target.Create(filepath.Join(dir, name+".bin"))
	if err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	defer bin.Close()
	c := newConstants(bin)
	e := newEmitter(g, c)
	e.nhwc = o.Layout == "nhwc"
	if err := e.graph(ctx); err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	if err := c.close(); err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	if err := bin.Close(); err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	xml, err := os.Create(filepath.Join(dir, name+".xml"))
	if err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	defer xml.Close()
	title := g.Name
	if title == "" {
		title = name
	}
	meta := map[string]string{"producer": "slipway", "precision": o.Precision}
	if err := writeXML(xml, title, e.layers, meta); err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	if err := xml.Close(); err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	a := &target.Artefact{
		Files: []string{name + ".xml", name + ".bin"}, Layers: e.artefactLayers(), Taps: taps(g),
		Sums: map[string]string{name + ".bin": bin.SHA256()},
	}
	a.Findings = append(a.Findings, slices.Concat(wide(g), integers(g), coarse(g))...)
	return a, nil
}

// taps maps each source layer to the tensor that holds its output.
func taps(g *ir.Graph) map[string]string {
	m := map[string]string{}
	for _, n := range g.Nodes {
		for _, v := range n.Outputs {
			if v == nil || constantLike(n) || n.Op == "QuantizeLinear" && paired(g, n) || leftToProducts(g, n) {
				continue
			}
			for _, l := range v.Layers {
				m[l] = v.Name
			}
		}
	}
	return m
}

// beyond32 reports whether n computes with a constant integer that 32 bits do not
// hold. Bounds that only say "to the end" are no numbers to compute with.
func beyond32(n *ir.Node) bool {
	switch n.Op {
	case "Add", "Sub", "Mul", "Div", "Mod", "Max", "Min", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Where", "Clip", "Pow":
	default:
		return false
	}
	return !constantLike(n) && slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool {
		if v == nil || v.DType != tensor.Int64 && v.DType != tensor.Uint32 {
			return false
		}
		x, ok := v.ConstInts()
		return ok && slices.ContainsFunc(x, func(i int64) bool { return i != int64(int32(i)) })
	})
}

// wide warns of operators on 64-bit floats, also in bodies, once for each kind.
func wide(g *ir.Graph) diag.List {
	var out diag.List
	addWide(g, map[string]*diag.Finding{}, &out)
	return out
}

func addWide(g *ir.Graph, at map[string]*diag.Finding, out *diag.List) {
	for _, n := range g.Nodes {
		for _, body := range n.Bodies() {
			addWide(body, at, out)
		}
		if !slices.ContainsFunc(slices.Concat(n.Inputs, n.Outputs), func(v *ir.Value) bool { return v != nil && v.DType == tensor.Float64 }) {
			continue
		}
		f := at[n.Op]
		if f == nil {
			f = diag.Warnf("openvino.f64", "%s works on 64-bit floats, which OpenVINO's CPU plugin computes in 32 bits: beyond 3.4e38 they end there", n.Op)
			at[n.Op] = f
			*out = append(*out, f)
		}
		f.Layers = append(f.Layers, n.Origin...)
	}
}
