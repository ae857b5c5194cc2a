package plan

import (
	"context"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	passall "slipway/conversion/pass/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/pass/recognise"
	"slipway/conversion/target"
)

// Support says what a target would do with a model.
type Support struct {
	Target     string          `json:"target"`
	OK         bool            `json:"ok"`
	Native     int             `json:"native"` // layers, after simplification, that the target has as they are
	Decomposed []Decomposition `json:"decomposed"`
	Findings   diag.List       `json:"findings"`
}

// Decomposition is a layer that the target lacks, with what it becomes there.
type Decomposition struct {
	Layer string   `json:"layer"`
	Op    string   `json:"op"`
	Into  []string `json:"into"`
}

// Inspect finds out what t would do with g, without writing anything. g is
// changed: pass a clone. others are the targets that a refusal may point to.
func Inspect(ctx context.Context, g *ir.Graph, reg *op.Registry, t target.Target, others ...target.Target) (*Support, error) {
	s := &Support{Target: t.Info().Name, Decomposed: []Decomposition{}, Findings: diag.List{}}
	if _, err := passall.Simplify(ctx, g, reg, nil, nil, nil, &s.Findings); err != nil {
		return nil, err
	}
	o := target.Options{Name: "inspect", Precision: "fp32", Registry: reg, Others: others}
	restore := recognise.Restore(func(n *ir.Node) bool { return has(t, n, o, false) })
	if _, err := restore.Run1(ctx, g, reg, nil, &s.Findings); err != nil {
		return nil, err
	}
	ops := map[string]string{}
	for _, n := range g.Nodes {
		if t.Legal(n, o) == nil {
			s.Native++
		} else {
			ops[n.Name] = n.Op
		}
	}
	s.Findings = append(s.Findings, legalize.Run(ctx, g, reg, t, o)...)
	into := map[string][]string{}
	for _, n := range g.Nodes {
		if n.By != legalize.By {
			continue
		}
		for name := range ops {
			if n.Name == name || strings.HasPrefix(n.Name, name+"_") {
				into[name] = append(into[name], n.Op)
			}
		}
	}
	for name, op := range ops {
		if len(into[name]) > 0 {
			s.Decomposed = append(s.Decomposed, Decomposition{name, op, into[name]})
		}
	}
	slices.SortFunc(s.Decomposed, func(a, b Decomposition) int { return strings.Compare(a.Layer, b.Layer) })
	s.OK = len(s.Findings.Errors()) == 0
	return s, nil
}
