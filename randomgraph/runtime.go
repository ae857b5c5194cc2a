package randomgraph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/pass/fold"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Runtime compares a runtime with the reference, through the target that writes
// its artefacts. It is for one goroutine at a time.
type Runtime struct {
	Name    string
	Target  target.Target
	Runtime runtimes.Runtime
	Dir     string  // where artefacts are written; each is removed
	Coarse  float64 // factor on the operators' tolerances; 0: 1
	Single  bool    // computes doubles in single precision, which the target says in a finding
	Folds   bool    // computes constants and decides branches ahead, as every conversion does; the runtime's own folding has faults
	// Whole compares the graph's outputs alone, so that the runtime may fuse what
	// lies between; else every node is compared on the runtime's own inputs to it.
	Whole bool

	Ran     int            // cases that ran
	Refused map[string]int // reasons for which the target or the runtime refused, with counts
}

// Check is the comparison as a check.
func (r *Runtime) Check() Check { return Check{r.Name, r.compare} }

// cutTries is how many nodes a graph may lose because the runtime lacks them.
const cutTries = 4

func (r *Runtime) compare(reg *op.Registry, c *Case) error {
	if r.Refused == nil {
		r.Refused = map[string]int{}
	}
	if r.Coarse == 0 {
		r.Coarse = 1
	}
	for range cutTries {
		got, narrow, err := r.run(reg, c)
		if err == nil {
			r.Ran++
			return r.judge(reg, c, got, narrow)
		}
		var refusal *runtimes.RefusedError
		var crash *runtimes.CrashError
		switch {
		case errors.As(err, &refusal):
			err = errors.New(refusal.Text)
		case errors.As(err, &crash):
			r.Refused["crash: "+crash.Signal+" "+strings.Join(kinds(c.Graph), " ")]++
			return nil
		case refused(err):
		default:
			return err
		}
		n := named(c.Graph, err.Error())
		if n == nil {
			r.Refused[shorten(err.Error())]++
			return nil
		}
		r.Refused[n.Op+": "+shorten(err.Error())]++
		smaller, err := c.rebuild(reg, change{drop: map[*ir.Node]bool{n: true}})
		if err != nil {
			return fmt.Errorf("without %q: %w", n.Name, err)
		}
		if len(smaller.Graph.Nodes) == 0 {
			return nil
		}
		c = smaller
	}
	return nil
}

func kinds(g *ir.Graph) []string {
	m := map[string]bool{}
	for _, n := range g.Nodes {
		m[n.Op] = true
	}
	return slices.Sorted(maps.Keys(m))
}

var (
	quoted  = regexp.MustCompile(`["'` + "`" + `]([^"'` + "`" + `]+)["'` + "`" + `]`)
	numbery = regexp.MustCompile(`[0-9]+`)
)

// named finds the node that a message names.
func named(g *ir.Graph, text string) *ir.Node {
	byName := map[string]*ir.Node{}
	for _, n := range g.Nodes {
		byName[n.Name] = n
	}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		if n := byName[m[1]]; n != nil {
			return n
		}
	}
	for _, m := range regexp.MustCompile(`node (\S+)|\((n_?\d*)\)`).FindAllStringSubmatch(text, -1) {
		for _, s := range m[1:] {
			if n := byName[strings.Trim(s, ".,:()")]; n != nil {
				return n
			}
		}
	}
	return nil
}

func shorten(s string) string {
	s = numbery.ReplaceAllString(strings.ReplaceAll(s, "\n", " "), "0")
	return s[:min(len(s), 160)]
}

// run gives what the runtime computes, by name, and the nodes of whose integers
// the target says that the runtime does not hold large ones.
func (r *Runtime) run(reg *op.Registry, c *Case) (m map[string]*tensor.Tensor, narrow map[string]bool, err error) {
	ctx := context.Background()
	g := c.Graph.Clone()
	for _, n := range g.Nodes {
		n.Origin = []string{n.Name}
	}
	if !r.Whole {
		for _, n := range g.Nodes {
			for _, v := range n.Outputs {
				if v != nil && !g.IsOutput(v) && v.DType.IsReal() {
					g.Outputs = append(g.Outputs, v)
				}
			}
		}
	}
	if r.Folds {
		for _, p := range []*pass.Pass{fold.Constants, fold.Control} {
			if _, err := p.Run1(ctx, g, reg, nil, nil); err != nil {
				return nil, nil, err
			}
		}
	}
	o := target.Options{Name: "case", Registry: reg}
	if l := legalize.Run(ctx, g, reg, r.Target, o); l.Err() != nil {
		return nil, nil, l.Err()
	}
	if r.Folds { // of decompositions, too
		if _, err := fold.Constants.Run1(ctx, g, reg, nil, nil); err != nil {
			return nil, nil, err
		}
	}
	if l, err := r.Target.Prepare(ctx, g, reg, o); err != nil || l.Err() != nil {
		return nil, nil, errors.Join(err, l.Err())
	}
	a, err := r.Target.Write(ctx, g, r.Dir, o)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		for _, f := range a.Files {
			_ = os.RemoveAll(filepath.Join(r.Dir, f))
		}
	}()
	s, err := r.Runtime.Open(ctx, runtimes.Model{Path: filepath.Join(r.Dir, a.Files[0]), Format: r.Target.Info().Name}, runtimes.Options{Threads: 1, NoOptimize: !r.Whole && r.Runtime.Info().Name == "ort"})
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	var in []*tensor.Tensor
	for _, i := range s.Inputs() {
		x := c.Feeds[i.Name]
		if x == nil {
			return nil, nil, fmt.Errorf("the artefact has an input %q, which the graph lacks", i.Name)
		}
		if x.Rank() == 0 && len(i.Shape) == 1 { // a format without scalars
			if x, err = x.Reshape(1); err != nil {
				return nil, nil, err
			}
		}
		if x.DType() != i.DType {
			if x, err = x.Cast(i.DType); err != nil {
				return nil, nil, err
			}
		}
		in = append(in, x)
	}
	out, err := s.Run(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	// Outputs keep their places; two that are one tensor may share a name.
	m = map[string]*tensor.Tensor{}
	if len(out) != len(g.Outputs) {
		return nil, nil, fmt.Errorf("the artefact has %d outputs, the graph %d", len(out), len(g.Outputs))
	}
	for i, v := range g.Outputs {
		if m[v.Name] = out[i]; v.Shape != nil && len(v.Shape) == 0 && out[i].Rank() == 1 && out[i].Len() == 1 {
			if m[v.Name], err = out[i].Reshape(); err != nil {
				return nil, nil, err
			}
		}
	}
	narrow = map[string]bool{}
	for _, f := range a.Findings {
		if f.Severity == diag.Warning && (strings.HasSuffix(f.Code, ".int64") || strings.HasSuffix(f.Code, ".int-float")) {
			for _, layer := range f.Layers {
				narrow[layer] = true
			}
		}
	}
	return m, narrow, nil
}

// judge compares what came back.
func (r *Runtime) judge(reg *op.Registry, c *Case, got map[string]*tensor.Tensor, narrow map[string]bool) error {
	have, err := c.values(reg)
	if err != nil {
		return err
	}
	for _, n := range c.Graph.Nodes {
		for _, v := range n.Outputs {
			if v == nil || got[v.Name] == nil {
				continue
			}
			// A target without v's element type gives it in another one.
			if t := got[v.Name]; t.DType() != v.DType && t.DType().IsReal() {
				if got[v.Name], err = t.Cast(v.DType); err != nil {
					return err
				}
			}
		}
	}
	if r.Whole {
		var list []*tensor.Tensor
		for _, v := range c.Graph.Outputs {
			list = append(list, got[v.Name])
		}
		tol := op.Tolerance{Abs: tolerance.Abs * r.Coarse, Rel: tolerance.Rel * r.Coarse}
		return sameGraph(reg, c.Graph, nil, c.Feeds, list, results(c.Graph, have), tol, r.Coarse)
	}
	err = r.nodes(reg, c, got, have, narrow, false)
	if err != nil && r.Single {
		err = r.nodes(reg, c, got, have, narrow, true)
	}
	return err
}

// nodes compares every node on the runtime's own inputs to it; what the runtime
// does not show of them is rounded to single precision where it says so.
func (r *Runtime) nodes(reg *op.Registry, c *Case, got map[string]*tensor.Tensor, have map[*ir.Value]*tensor.Tensor, narrow map[string]bool, single bool) error {
	for _, n := range c.Graph.Nodes {
		in := make([]*tensor.Tensor, len(n.Inputs))
		for i, v := range n.Inputs {
			switch {
			case v == nil:
			case v.IsConst():
				in[i] = v.Const
			case got[v.Name] != nil:
				in[i] = got[v.Name]
			default:
				in[i] = have[v]
			}
			if single {
				in[i] = rounded(in[i])
			}
		}
		out := make([]*tensor.Tensor, len(n.Outputs))
		for i, v := range n.Outputs {
			if v == nil {
				continue
			}
			if out[i] = got[v.Name]; out[i] == nil && v.DType.IsReal() {
				return fmt.Errorf("the artefact lacks output %q", v.Name)
			}
		}
		if err := sameNode(reg, n, in, out, r.Coarse, single); err != nil && !(narrow[n.Name] && large(in, n.Outputs, have)) {
			return fmt.Errorf("node %q (%s): %w", n.Name, n.Op, err)
		}
	}
	return nil
}

// large reports whether integers among what a node read, or should give, are more
// than single precision holds.
func large(in []*tensor.Tensor, out []*ir.Value, have map[*ir.Value]*tensor.Tensor) bool {
	all := slices.Clone(in)
	for _, v := range out {
		all = append(all, have[v])
	}
	return slices.ContainsFunc(all, func(t *tensor.Tensor) bool {
		return t != nil && t.DType().IsInt() && slices.ContainsFunc(t.Float64s(), func(x float64) bool { return math.Abs(x) > 1<<24 })
	})
}

// rounded is t as a runtime without doubles reads it.
func rounded(t *tensor.Tensor) *tensor.Tensor {
	if t == nil || t.DType() != tensor.Float64 {
		return t
	}
	r, err := t.Cast(tensor.Float32)
	if err == nil {
		r, err = r.Cast(tensor.Float64)
	}
	if err != nil {
		return t
	}
	return r
}
