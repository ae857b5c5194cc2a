package onnx

import (
	"maps"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
)

func functionKey(domain, name, overload string) string {
	k := qualified(domain, name)
	if overload != "" {
		k += ":" + overload
	}
	return k
}

// expanded is the number of nodes that a list comes to once functions are inlined.
// It counts before anything is built, so that functions that double at each call
// are refused at once.
func (im *importer) expanded(list []*nodeProto, sizes map[string]int, depth int) (int, error) {
	total := 0
	for _, n := range list {
		total++
		key := functionKey(n.domain, n.op, n.overload)
		if f := im.functions[key]; f != nil {
			size, seen := sizes[key]
			switch {
			case seen && size < 0:
				return 0, diag.Errorf("onnx.recursive-function", "function %s calls itself", clip(key)).At(n.name)
			case depth >= maxGraphNest:
				return 0, diag.Errorf("onnx.too-deep", "functions call each other more than %d deep", maxGraphNest).At(n.name)
			case !seen:
				sizes[key] = -1 // being counted
				var err error
				if size, err = im.expanded(f.nodes, sizes, depth+1); err != nil {
					return 0, err
				}
				sizes[key] = size
			}
			total += size
		}
		for _, a := range n.attrs {
			graphs := a.graphs
			if a.g != nil {
				graphs = append(graphs[:len(graphs):len(graphs)], a.g)
			}
			for _, g := range graphs {
				size, err := im.expanded(g.nodes, sizes, depth)
				if err != nil {
					return 0, err
				}
				total += size
			}
		}
		if total > maxNodes {
			return 0, diag.Errorf("onnx.too-many-nodes", "the model comes to more than %d nodes", maxNodes)
		}
	}
	return total, nil
}

// inline imports the body of a model-local function in the place of the node p.
func (s *scope) inline(f *functionProto, p *nodeProto, name string, in []*ir.Value, outs []string) error {
	key := functionKey(f.domain, f.name, f.overload)
	if slices.Contains(s.calls, key) {
		return diag.Errorf("onnx.recursive-function", "function %s calls itself (%s)", clip(key), clip(strings.Join(append(s.calls, key), " calls "))).At(name)
	}
	if len(s.calls) >= maxGraphNest {
		return diag.Errorf("onnx.too-deep", "functions call each other more than %d deep", maxGraphNest).At(name)
	}
	if len(in) > len(f.inputs) || len(outs) > len(f.outputs) {
		return diag.Errorf("onnx.bad-node", "function %s has %d inputs and %d outputs, the node %d and %d",
			clip(key), len(f.inputs), len(f.outputs), len(in), len(outs)).At(name)
	}
	// The body's attributes may refer to those of the node, or else to defaults.
	attrs := map[string]any{}
	var subs []*scope
	for _, a := range slices.Concat(f.defaults, p.attrs) {
		v, ok, err := s.attribute(a, name, &subs)
		if err != nil {
			return place(err, name)
		}
		if ok {
			attrs[a.name] = v
		}
	}
	if len(subs) > 0 {
		return diag.Errorf("onnx.attribute-type", "function %s takes a graph as an attribute, which is not supported", clip(key)).At(name)
	}
	opsets := maps.Clone(s.opsets)
	for _, o := range f.opsets {
		d := o.domain
		if isDefault(d) {
			d = ""
			if o.version < 1 || o.version > maxOpset {
				return diag.Errorf("onnx.opset", "function %s uses operator set %d, which is not supported", clip(key), o.version).
					Suggest("sets %d to %d are read", minOpset, maxOpset)
			}
		}
		opsets[d] = o.version
	}
	body := &scope{
		im: s.im, g: s.g, opsets: opsets, values: make(map[string]*ir.Value, len(f.nodes)+len(f.inputs)),
		rank: s.rank - 1, prefix: name + "/", attrs: attrs, calls: append(slices.Clone(s.calls), key),
		infos: make(map[string]valueInfo, len(f.values)),
	}
	for _, v := range f.values {
		body.infos[v.name] = v
	}
	for i, x := range f.inputs {
		body.values[x] = nil
		if i < len(in) {
			body.values[x] = in[i]
		}
	}
	if err := body.nodes(f.nodes); err != nil {
		return err
	}
	for i, o := range outs {
		if o == "" {
			continue
		}
		v, ok := body.values[f.outputs[i]]
		if !ok || v == nil {
			return diag.Errorf("onnx.missing-output", "nothing in function %s produces its output %q", clip(key), clip(f.outputs[i])).At(name)
		}
		s.name(o, v)
	}
	return nil
}
