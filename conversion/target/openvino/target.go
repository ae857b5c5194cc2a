package openvino

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

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
	}
	if why == "" {
		return nil
	}
	return diag.Errorf("target.unsupported-op", "%s", why).At(n.Name)
}

// Prepare has nothing to do: IR has NCHW like the graph, and its runtime fuses
// activations itself.
func (Target) Prepare(context.Context, *ir.Graph, *op.Registry, target.Options) (diag.List, error) {
	return nil, nil
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
	if f := wideInputs(g); f != nil {
		a.Findings = append(a.Findings, f)
	}
	return a, nil
}

// taps maps each source layer to the tensor that holds its output.
func taps(g *ir.Graph) map[string]string {
	m := map[string]string{}
	for _, n := range g.Nodes {
		for _, v := range n.Outputs {
			if v == nil || constantLike(n) || n.Op == "QuantizeLinear" && paired(g, n) {
				continue
			}
			for _, l := range v.Layers {
				m[l] = v.Name
			}
		}
	}
	return m
}

func wideInputs(g *ir.Graph) *diag.Finding {
	for _, v := range g.Inputs {
		if v.DType == tensor.Float64 {
			return diag.Infof("openvino.f64-input", "input %q has 64-bit floats, which OpenVINO's CPU plugin computes in 32 bits", v.Name)
		}
	}
	return nil
}
