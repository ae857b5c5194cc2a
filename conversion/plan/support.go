package plan

import (
	"context"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	passall "slipway/conversion/pass/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/pass/recognise"
	"slipway/conversion/target"
)

// Support says what a target would do with a model.
type Support struct {
	Target     string          `json:"target"`
	OK         bool            `json:"ok"`
	Native     int             `json:"native"` // layers, after simplification, that the target has as they are
	Decomposed []Decomposition `json:"decomposed"`
	Slow       []target.Slow   `json:"slow"`             // layers that leave the target's fast path
	Remark     string          `json:"remark,omitempty"` // about its speed as a whole
	Precision  string          `json:"precision"`
	Layers     []Runs          `json:"layers,omitempty"` // for int8: what each layer computes in
	Findings   diag.List       `json:"findings"`
}

// Runs is what a layer will compute in: "int8", "fused" (into the layer
// before), "int8 weights" (the arithmetic is in float) or "float", which Why explains.
type Runs struct {
	Layer string `json:"layer"`
	Op    string `json:"op"`
	In    string `json:"in"`
	Why   string `json:"why,omitempty"`
}

// Wanted says what to inspect for beside the model.
type Wanted struct {
	Precision string   // "": fp32
	KeepFloat []string // layers that are not quantized
	Ranges    map[string]target.Range
}

// Decomposition is a layer that the target lacks, with what it becomes there.
type Decomposition struct {
	Layer string   `json:"layer"`
	Op    string   `json:"op"`
	Into  []string `json:"into"`
}

// Inspection is a model that targets are asked about. It stands for the model's
// file as long as that is open; its methods may be called by several goroutines.
type Inspection struct {
	simple   *ir.Graph
	findings diag.List // of the simplification
	reg      *op.Registry
	others   []target.Target
}

// Inspect simplifies g, which is what all targets begin with. g is changed: pass a
// clone. others are the targets that a refusal may point to.
func Inspect(ctx context.Context, g *ir.Graph, reg *op.Registry, others ...target.Target) (*Inspection, error) {
	i := &Inspection{simple: g, reg: reg, others: others}
	_, err := passall.Simplify(ctx, g, reg, nil, nil, nil, &i.findings)
	return i, err
}

// Target finds out what t would do with the model, without writing anything.
func (i *Inspection) Target(ctx context.Context, t target.Target, q Wanted) (*Support, error) {
	if q.Precision == "" {
		q.Precision = "fp32"
	}
	g, reg := i.simple.Clone(), i.reg
	s := &Support{
		Target: t.Info().Name, Precision: q.Precision, Decomposed: []Decomposition{}, Slow: []target.Slow{}, Findings: append(diag.List{}, i.findings...),
	}
	o := target.Options{Name: "inspect", Precision: "fp32", Registry: reg, Others: i.others, Ranges: q.Ranges}
	if q.Precision == "int8" {
		s.Layers = runs(g, t, q)
	}
	wide, err := widenBFloat16(g, reg, t.Info().Name, func(p *pass.Pass) error {
		_, err := p.Run1(ctx, g, reg, nil, &s.Findings)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.Findings = append(s.Findings, wide...)
	if f, ok := t.(target.Fitter); ok {
		l, err := f.Fit(ctx, g, reg, o)
		s.Findings = append(s.Findings, l...)
		if err != nil {
			s.Findings = append(s.Findings, diag.FromError("target.size", err)...)
			return s, nil
		}
	}
	restore := recognise.Restore(func(n *ir.Node) bool { return has(t, n, o, false) })
	if _, err := restore.Run1(ctx, g, reg, nil, &s.Findings); err != nil {
		return nil, err
	}
	ops := map[string]string{}
	var order []string
	for _, n := range g.Nodes {
		if t.Legal(n, o) == nil {
			s.Native++
		} else {
			ops[n.Name] = n.Op
			order = append(order, n.Name)
		}
	}
	s.Findings = append(s.Findings, legalize.Run(ctx, g, reg, t, o)...)
	into := map[string][]string{}
	for _, n := range g.Nodes {
		if n.By != legalize.By {
			continue
		}
		if name := cameFrom(n.Name, ops); name != "" {
			into[name] = append(into[name], n.Op)
		}
	}
	for _, name := range order {
		if len(into[name]) > 0 {
			s.Decomposed = append(s.Decomposed, Decomposition{name, ops[name], into[name]})
		}
	}
	s.OK = len(s.Findings.Errors()) == 0
	if p, ok := t.(target.Pacer); ok && s.OK {
		if err := s.pace(ctx, g, reg, t, p, o); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// cameFrom is the layer among ops that a node with its name or one made of it
// ("conv1_2") was made for: the longest such name, "" for none.
func cameFrom(node string, ops map[string]string) string {
	for name := node; name != ""; {
		if _, ok := ops[name]; ok {
			return name
		}
		i := strings.LastIndex(name, "_")
		if i < 0 {
			break
		}
		name = name[:i]
	}
	return ""
}

// pace finds what leaves the fast path.
func (s *Support) pace(ctx context.Context, g *ir.Graph, reg *op.Registry, t target.Target, p target.Pacer, o target.Options) error {
	if _, err := t.Prepare(ctx, g, reg, o); err != nil {
		return err
	}
	list, remark, err := p.Slow(ctx, g, o)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.Findings = append(s.Findings, diag.FromError("target.unsupported-form", err)...)
		s.OK = len(s.Findings.Errors()) == 0
		return nil
	}
	s.Slow, s.Remark = append(s.Slow, list...), remark
	return nil
}

// runs says what the layers compute in when the model is quantized for t.
func runs(g *ir.Graph, t target.Target, q Wanted) []Runs {
	name := t.Info().Name
	var out []Runs
	if weightsAlone[name] {
		w := quantize.WeightDefaults(name)
		w.KeepFloat = q.KeepFloat
		for _, n := range g.Nodes {
			if v := n.Out(0); v == nil || !v.DType.IsFloat() || v.IsConst() {
				continue
			}
			r := Runs{Layer: layerOf(n), Op: n.Op, In: "float", Why: "only weights are stored in 8 bits"}
			if quantize.StoresWeights(n, w) {
				r.In = "int8 weights"
			}
			out = append(out, r)
		}
		return out
	}
	profile := quantize.Profiles[name]
	if profile == nil {
		return nil
	}
	o := quantize.Defaults(profile)
	o.KeepFloat = q.KeepFloat
	floats, _ := t.(target.FloatLayers)
	integer := map[*ir.Node]bool{}
	for _, d := range quantize.NewPlan(g, o).Decisions() {
		r := Runs{Layer: layerOf(d.Node), Op: d.Node.Op, In: "int8"}
		if from := d.Node.In(0).Node(); !d.Int8 && from != nil && integer[from] && (r.Op == "Relu" || r.Op == "Clip") && g.SingleUse(d.Node.In(0)) {
			r.In = "fused" // into the product before it
		} else if !d.Int8 {
			r.In, r.Why = "float", d.Why
		} else if floats != nil {
			if why := floats.FloatLayer(d.Node); why != "" {
				r.In, r.Why = "float", why
			}
		}
		integer[d.Node] = r.In == "int8"
		out = append(out, r)
	}
	return out
}

// layerOf is what the source calls a node.
func layerOf(n *ir.Node) string {
	if len(n.Origin) > 0 {
		return n.Origin[0]
	}
	return n.Name
}
