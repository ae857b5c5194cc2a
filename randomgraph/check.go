package randomgraph

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// Check is one property that every case has. Its error says how the case breaks
// it; nil where it holds or says nothing about the case.
type Check struct {
	Name string
	Run  func(reg *op.Registry, c *Case) error
}

// Try is Run with a panic as an error.
func (k Check) Try(reg *op.Registry, c *Case) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return k.Run(reg, c)
}

// tolerance is what two ways of computing a whole graph may differ by.
var tolerance = op.Tolerance{Abs: 2e-5, Rel: 2e-5}

// Inferred checks what shape inference says of each value against what is
// computed: with the sizes of the case, and with each size of the inputs hidden
// behind a symbol.
var Inferred = Check{"infer", func(reg *op.Registry, c *Case) error {
	have, err := c.values(reg)
	if err != nil {
		return err
	}
	if !reaches(c.Graph, have) {
		return nil
	}
	if err := agree(c.Graph, have, nil); err != nil {
		return err
	}
	s, sizes := symbolic(c)
	wrong := reg.InferGraph(s.Graph) // up to where it failed, the sizes are inferred
	if have, err = eval(reg, s.Graph, s.Feeds, nil); err != nil {
		return err
	}
	if !reaches(s.Graph, have) {
		return nil
	}
	if wrong == nil {
		wrong = agree(s.Graph, have, sizes)
	}
	if wrong != nil {
		return fmt.Errorf("with symbols for sizes: %w", wrong)
	}
	return nil
}}

// symbolic hides about half of the inputs' sizes behind symbols, whose values it
// returns. The graph is not inferred.
func symbolic(c *Case) (*Case, map[string]int64) {
	s := c.Clone()
	sizes := map[string]int64{}
	r := rand.New(rand.NewPCG(c.Seed, 3))
	for _, v := range s.Graph.Inputs {
		v.Shape = v.Shape.Clone()
		for i, d := range v.Shape {
			if n, ok := d.Int(); ok && r.IntN(2) == 0 {
				name := fmt.Sprintf("S%d", len(sizes))
				sizes[name] = n
				v.Shape[i] = ir.Symbol(name)
			}
		}
	}
	return s, sizes
}

// agree compares types, shapes and contents with values. Symbols that are not
// among sizes may stand for anything.
func agree(g *ir.Graph, have map[*ir.Value]*tensor.Tensor, sizes map[string]int64) error {
	for _, n := range g.Nodes {
		for _, v := range n.Outputs {
			if v == nil {
				continue
			}
			t := have[v]
			if t.DType() != v.DType && v.DType != tensor.Invalid {
				return fmt.Errorf("%q (%s) is %v, inferred %v", v.Name, n.Op, t.DType(), v.DType)
			}
			if v.Shape != nil && len(v.Shape) != t.Rank() {
				return fmt.Errorf("%q (%s) is %v, inferred %v", v.Name, n.Op, t.Shape(), v.Shape)
			}
			for i, d := range v.Shape {
				if k, ok := known(d, sizes); ok && k != int64(t.Shape()[i]) {
					return fmt.Errorf("%q (%s) is %v, inferred %v", v.Name, n.Op, t.Shape(), v.Shape)
				}
			}
			if v.Content == nil {
				continue
			}
			x, err := t.Int64s()
			if err != nil || len(x) != len(v.Content) {
				return fmt.Errorf("%q (%s) holds %v, inferred %v", v.Name, n.Op, t, v.Content)
			}
			for i, d := range v.Content {
				if k, ok := known(d, sizes); ok && k != x[i] {
					return fmt.Errorf("%q (%s) holds %v, inferred %v", v.Name, n.Op, t, v.Content)
				}
			}
		}
	}
	return nil
}

// reaches reports whether the sizes that inference does not know are as large as
// it takes them to be: a Slice of such an axis finds its start and its end there.
func reaches(g *ir.Graph, have map[*ir.Value]*tensor.Tensor) bool {
	for _, n := range g.Nodes {
		if n.Op != "Slice" || n.In(0).Shape.IsStatic() {
			continue
		}
		if have[n.Out(0)].Len() == 0 {
			return false
		}
		axes := make([]int64, 0, 8)
		for i := range intsOf(n.In(1), have) {
			axes = append(axes, int64(i))
		}
		if n.In(3) != nil {
			axes = intsOf(n.In(3), have)
		}
		x := n.In(0)
		rank := len(x.Shape)
		if rank == 0 {
			return false
		}
		shape := have[x]
		if x.IsConst() {
			shape = x.Const
		}
		for _, bounds := range [][]int64{intsOf(n.In(1), have), intsOf(n.In(2), have)} {
			for i, b := range bounds {
				size := int64(shape.Shape()[(int(axes[i])+rank)%rank])
				if b = max(b, -b); b > size && b < math.MaxInt32 {
					return false
				}
			}
		}
	}
	return true
}

// intsOf are the elements of an integer value.
func intsOf(v *ir.Value, have map[*ir.Value]*tensor.Tensor) []int64 {
	t := v.Const
	if t == nil {
		t = have[v]
	}
	x, err := t.Int64s()
	if err != nil {
		return nil
	}
	return x
}

func known(d ir.Dim, sizes map[string]int64) (int64, bool) {
	ok := true
	k, plain := d.With(func(s string) int64 {
		n, has := sizes[s]
		ok = ok && has
		return n
	})
	return k, plain && ok
}

// TextForm checks that the case reads back from its text as what it was.
var TextForm = Check{"text", func(reg *op.Registry, c *Case) error {
	s, _ := symbolic(c)
	if reg.InferGraph(s.Graph) != nil {
		s = c
	}
	for _, k := range []*Case{c, s} {
		text := k.Text()
		back, err := ParseCase(text, reg)
		if err != nil {
			return err
		}
		if again := back.Text(); again != text {
			return fmt.Errorf("reads back as\n%s", again)
		}
	}
	return nil
}}

// Rewrite makes a check of something that changes a graph in place and must not
// change what it computes. coarse widens what roundings may do: 1 where it moves
// operations about, more where it makes them less exact. run reports whether it
// changed anything; it may give up on a graph by an error that wraps a
// *diag.Finding.
func Rewrite(name string, coarse float64, run func(g *ir.Graph, reg *op.Registry) (bool, error)) Check {
	return Check{name, func(reg *op.Registry, c *Case) error {
		before, err := c.values(reg)
		if err != nil {
			return err
		}
		want := results(c.Graph, before)
		s, _ := symbolic(c)
		for _, g := range []*ir.Graph{c.Graph.Clone(), s.Graph} {
			if reg.InferGraph(g) != nil {
				continue // Inferred reports it
			}
			if slices.ContainsFunc(g.Nodes, func(n *ir.Node) bool { return n.Op == "Slice" }) {
				if have, err := eval(reg, g, c.Feeds, nil); err != nil || !reaches(g, have) {
					continue
				}
			}
			changed, err := run(g, reg)
			if err != nil && !refused(err) {
				return err
			}
			if err != nil || !changed {
				continue
			}
			if !takes(g, c.Feeds) {
				continue // open sizes were fixed to others
			}
			after, err := eval(reg, g, c.Feeds, nil)
			if err != nil && brittle(reg, c.Graph, c.Feeds, want, coarse) {
				continue
			}
			if err != nil {
				return fmt.Errorf("afterwards: %w in\n%s", err, ir.Text(g))
			}
			tol := op.Tolerance{Abs: tolerance.Abs * coarse, Rel: tolerance.Rel * coarse}
			if err := sameGraph(reg, c.Graph, g, c.Feeds, results(g, after), want, tol, coarse); err != nil {
				return fmt.Errorf("%w, in\n%s", err, ir.Text(g))
			}
		}
		return nil
	}}
}

// takes reports whether the feeds have the shapes of g's inputs.
func takes(g *ir.Graph, feeds map[string]*tensor.Tensor) bool {
	for _, v := range g.Inputs {
		t := feeds[v.Name]
		if t == nil {
			continue
		}
		for i, d := range v.Shape {
			if n, ok := d.Int(); ok && (i >= t.Rank() || int64(t.Shape()[i]) != n) {
				return false
			}
		}
	}
	return true
}

// refused reports whether err is a finding about the model, rather than a
// mistake of the program.
func refused(err error) bool {
	l := diag.FromError("", err)
	if len(l) == 0 {
		return true // the findings came beside it
	}
	code := l[0].Code
	return code != "" && code != "legalize.failed"
}

// Pass checks one pass with its own defaults.
func Pass(p *pass.Pass, coarse float64) Check {
	return Rewrite(p.Name, coarse, func(g *ir.Graph, reg *op.Registry) (bool, error) {
		r, err := p.Run1(context.Background(), g, reg, nil, nil)
		return r.Fired > 0, err
	})
}

// Legal checks a target's decompositions and its own preparation.
func Legal(t target.Target) Check {
	return Rewrite("legal-"+t.Info().Name, 4, func(g *ir.Graph, reg *op.Registry) (bool, error) {
		o := target.Options{Registry: reg}
		if l := legalize.Run(context.Background(), g, reg, t, o); l.Err() != nil {
			return false, l.Err()
		}
		l, err := t.Prepare(context.Background(), g, reg, o)
		if err == nil {
			err = l.Err()
		}
		return true, err
	})
}

// Decompose checks one step of every operator's decomposition.
var Decompose = Rewrite("decompose", 4, func(g *ir.Graph, reg *op.Registry) (bool, error) {
	p := g.Edit("decompose", reg.Infer)
	for _, n := range slices.Clone(g.Nodes) {
		if err := reg.Decompose(p, n); err != nil && !errors.Is(err, op.ErrNoDecomposition) {
			return false, fmt.Errorf("%s: %w", n.Op, err)
		}
	}
	return p.Changes() > 0, p.Done()
})
