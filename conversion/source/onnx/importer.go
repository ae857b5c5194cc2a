package onnx

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/source"
	"slipway/conversion/tensor"
)

// importer turns the messages of one model into a graph.
type importer struct {
	ctx  context.Context
	d    *decoder
	o    source.Options
	ext  *external
	syms *symbols

	functions map[string]*functionProto
	findings  diag.List
	unknown   map[string]*diag.Finding // by operator
	nodeNames map[string]bool
	renamed   []string // nodes whose name was taken
	count     int      // nodes imported, inlined ones included

	rank    map[*ir.Value]int    // how near to the top graph the value's name was given; 0: by nobody
	named   map[string]*ir.Value // final names of the top graph
	tainted map[*ir.Value]bool   // depends on something that was not understood
}

func newImporter(ctx context.Context, d *decoder, o source.Options, ext *external) *importer {
	return &importer{
		ctx: ctx, d: d, o: o, ext: ext, syms: newSymbols(),
		functions: map[string]*functionProto{}, unknown: map[string]*diag.Finding{}, nodeNames: map[string]bool{},
		rank: map[*ir.Value]int{}, named: map[string]*ir.Value{}, tainted: map[*ir.Value]bool{},
	}
}

func (im *importer) find(f *diag.Finding) { im.findings = append(im.findings, f) }

func (im *importer) model(p *modelProto) (*ir.Graph, error) {
	if p.graph == nil {
		return nil, diag.Errorf("onnx.not-a-model", "holds no graph: it is not an ONNX model")
	}
	if p.irVersion < minIR || p.irVersion > maxIR {
		return nil, diag.Errorf("onnx.ir-version", "IR version %d is not supported", p.irVersion).Suggest("versions %d to %d are read", minIR, maxIR)
	}
	opsets, err := im.opsets(p.opsets, p.irVersion)
	if err != nil {
		return nil, err
	}
	for _, f := range p.functions {
		key := functionKey(f.domain, f.name, f.overload)
		if im.functions[key] != nil {
			return nil, diag.Errorf("onnx.duplicate-name", "two functions are called %s", clip(key))
		}
		im.functions[key] = f
	}
	if p.training {
		im.find(diag.Infof("onnx.training-info", "the model's training information is left out"))
	}
	if _, err := im.expanded(p.graph.nodes, map[string]int{}, 0); err != nil {
		return nil, err
	}
	g := ir.New(p.graph.name)
	meta(g, p)
	s := &scope{im: im, g: g, opsets: opsets, values: map[string]*ir.Value{}, rank: maxGraphNest + 2}
	if err := s.graph(p.graph, true); err != nil {
		return nil, err
	}
	im.finalNames(g)
	if len(im.renamed) > 0 {
		im.find(diag.Infof("onnx.duplicate-node-name", "%d nodes had a name that was taken and got a number", len(im.renamed)))
	}
	if im.findings.Err() == nil {
		if err := ir.Check(g); err != nil {
			return nil, diag.Errorf("onnx.internal", "%v", err)
		}
	}
	return g, nil
}

// opsets checks the operator set imports and returns them by domain.
func (im *importer) opsets(list []opset, irVersion int64) (map[string]int64, error) {
	m := map[string]int64{}
	for _, o := range list {
		d := o.domain
		if isDefault(d) {
			d = ""
			if o.version < 1 || o.version > maxOpset {
				return nil, diag.Errorf("onnx.opset", "operator set %d is not supported", o.version).
					Suggest("sets %d to %d are read; export the model for one of them", minOpset, maxOpset)
			}
			if o.version < minOpset {
				im.find(diag.Warnf("onnx.old-opset", "operator set %d is older than %d: read as far as its operators are understood", o.version, minOpset))
			}
		}
		m[d] = o.version
	}
	if len(list) == 0 {
		if irVersion >= 3 {
			return nil, diag.Errorf("onnx.no-opset", "the model does not say which operator set it uses")
		}
		m[""] = 1
	}
	return m, nil
}

// unknownOp adds a layer to the one finding about an operator.
func (im *importer) unknownOp(op, layer string) {
	f := im.unknown[op]
	if f == nil {
		f = diag.Errorf("onnx.unknown-operator", "")
		im.unknown[op] = f
		im.find(f)
	}
	f.Layers = append(f.Layers, layer)
	f.Layer = f.Layers[0]
	f.Text = fmt.Sprintf("operator %s is not supported (%d layers)", clip(op), len(f.Layers))
	if len(f.Layers) == 1 {
		f.Text = fmt.Sprintf("operator %s is not supported", clip(op))
	}
	if i := strings.LastIndex(op, "."); i > 0 {
		f.Suggestion = fmt.Sprintf("it belongs to the custom domain %s; no code is loaded because a model asks for it", clip(op[:i]))
	}
}

// finalNames gives every value of the top graph that has a name in the file
// exactly that name: one made up by a reader meanwhile gives way.
func (im *importer) finalNames(g *ir.Graph) {
	holder := map[string]*ir.Value{}
	for _, v := range g.Values() {
		holder[v.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(im.named)) {
		v := im.named[name]
		if v.Name == name {
			continue
		}
		if h := holder[name]; h != nil {
			g.RenameValue(h, name+"_inner")
			holder[h.Name] = h
		}
		g.RenameValue(v, name)
		holder[name] = v
	}
}

// checkSize refuses shapes beyond all memory, which only a broken or hostile
// model has.
func checkSize(n *ir.Node) error {
	for _, v := range n.Outputs {
		if v == nil {
			continue
		}
		if dims, ok := v.Shape.Ints(); ok {
			if _, err := tensor.NumElements(dims); err != nil {
				return diag.Errorf("onnx.too-large", "its output %q would have shape %v", clip(v.Name), v.Shape)
			}
		}
	}
	return nil
}
