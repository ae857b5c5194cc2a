package pass

import (
	"context"
	"fmt"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// Pass rewrites a graph in place. A Pass value is immutable; its settings come
// in through Ctx.Options.
type Pass struct {
	Name  string // verb_object, stable: "fuse_conv_batch_norm"
	About string // one sentence for people
	// After names passes that must have run before this one when both run.
	After []string
	// Options is a pointer to a struct of defaults whose fields are tagged
	// (see package options), nil where the pass has none.
	Options any
	Run     func(*ir.Graph, *Ctx) error
}

// Miss is a place where a pass nearly fired.
type Miss struct {
	Layer string `json:"layer"`
	Why   string `json:"why"`
}

// Report is what one pass did.
type Report struct {
	Name   string `json:"name"`
	Fired  int    `json:"fired"`
	Missed []Miss `json:"missed"`
}

// Ctx is a pass's surroundings.
type Ctx struct {
	context.Context
	Registry *op.Registry
	Options  any // of the type of Pass.Options, filled from the recipe
	Findings *diag.List

	report Report
	pass   string
}

// Edit opens an editing session whose new nodes are typed at once.
func (c *Ctx) Edit(g *ir.Graph) *ir.Patch { return g.Edit(c.pass, c.Registry.Infer) }

// Fire counts one place where the pass applied.
func (c *Ctx) Fire() { c.report.Fired++ }

// Miss notes a near miss.
func (c *Ctx) Miss(n *ir.Node, format string, args ...any) {
	c.report.Missed = append(c.report.Missed, Miss{n.Name, fmt.Sprintf(format, args...)})
}

// Find adds a finding.
func (c *Ctx) Find(f *diag.Finding) {
	if c.Findings != nil {
		*c.Findings = append(*c.Findings, f)
	}
}

// Run1 runs one pass on g, then checks that the graph is still whole and has the
// same interface. On error g is in an undefined state.
func (p *Pass) Run1(ctx context.Context, g *ir.Graph, reg *op.Registry, options any, findings *diag.List) (Report, error) {
	if options == nil {
		options = p.Options
	}
	c := &Ctx{Context: ctx, Registry: reg, Options: options, Findings: findings, report: Report{Name: p.Name}, pass: p.Name}
	in, out := signature(g)
	if err := p.Run(g, c); err != nil {
		return c.report, fmt.Errorf("%s: %w", p.Name, err)
	}
	if err := reg.InferGraph(g); err != nil {
		return c.report, fmt.Errorf("%s: afterwards: %w", p.Name, err)
	}
	if err := ir.Check(g); err != nil {
		return c.report, fmt.Errorf("%s: afterwards: %w", p.Name, err)
	}
	if in2, out2 := signature(g); in != in2 || out != out2 {
		return c.report, fmt.Errorf("%s: changed the model's interface: %s -> %s became %s -> %s", p.Name, in, out, in2, out2)
	}
	return c.report, nil
}

func signature(g *ir.Graph) (in, out string) {
	for _, v := range g.Inputs {
		in += v.Name + ":" + v.DType.String() + " "
	}
	for _, v := range g.Outputs {
		out += v.Name + ":" + v.DType.String() + " "
	}
	return in, out
}
