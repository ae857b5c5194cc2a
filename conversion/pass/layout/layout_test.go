package layout

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

func value(g *ir.Graph, shape ...int) *ir.Value {
	return g.AddInput("x", tensor.Float32, ir.Dims(shape...))
}

func node(g *ir.Graph, op string, attrs ir.Attrs, shape []int, in ...*ir.Value) *ir.Value {
	n := g.AddNode(op, "", attrs, in, op)
	n.Outputs[0].DType, n.Outputs[0].Shape = tensor.Float32, ir.Dims(shape...)
	return n.Outputs[0]
}

func TestPerm(t *testing.T) {
	p := Last(4)
	if fmt.Sprint(p, p.Inverse(), p.Axis(1), p.At(3)) != "[0 2 3 1] [0 3 1 2] 3 1" {
		t.Error(p, p.Inverse(), p.Axis(1), p.At(3))
	}
	if got := Apply(p, []string{"n", "c", "h", "w"}); fmt.Sprint(got) != "[n h w c]" {
		t.Error(got)
	}
	if got := p.To(nil, 4); fmt.Sprint(got) != "[0 3 1 2]" {
		t.Error(got)
	}
	if Last(2) != nil || !Perm(nil).Equal(Perm{0, 1}) || p.Equal(nil) {
		t.Error("the logical order")
	}
	for _, c := range []struct {
		shape ir.Shape
		same  bool
	}{
		{ir.Dims(1, 8, 1, 1), true},
		{ir.Dims(5, 8, 1, 1), true},
		{ir.Dims(1, 1, 28, 28), true},
		{ir.Dims(1, 8, 2, 1), false},
		{ir.Shape{ir.Symbol("N"), ir.Static(8), ir.Static(1), ir.Static(1)}, true},
		{ir.Shape{ir.Static(1), ir.Static(8), ir.Symbol("H"), ir.Static(1)}, false},
	} {
		if got := SameBytes(c.shape, nil, p); got != c.same {
			t.Errorf("%v: %v", c.shape, got)
		}
	}
}

// TestReshape carries orders through reshapes.
func TestReshape(t *testing.T) {
	n := ir.Symbol("N")
	for _, c := range []struct {
		in, out ir.Shape
		want    string // second order of the result; "" where the reshape is bound to the logical order
	}{
		{ir.Dims(1, 8, 4, 6), ir.Dims(1, 8, 24), "[0 2 1]"},
		{ir.Dims(1, 8, 24), ir.Dims(1, 8, 4, 6), "[0 2 3 1]"},
		{ir.Dims(1, 8, 4, 6), ir.Dims(1, 2, 4, 4, 6), "[0 3 4 1 2]"},
		{ir.Dims(2, 8, 4, 6), ir.Dims(2, 192), ""},
		{ir.Dims(2, 8, 1, 1), ir.Dims(2, 8), "[]"},
		{ir.Dims(2, 8, 9), ir.Dims(2, 8, 1, 9), "[0 2 3 1]"},
		{ir.Dims(2, 8, 1, 9), ir.Dims(2, 8, 9), "[0 2 1]"},
		{ir.Dims(2, 8, 4, 6), ir.Dims(16, 4, 6), ""},
		{ir.Shape{n, ir.Static(8), ir.Static(4), ir.Static(6)}, ir.Shape{n, ir.Static(8), ir.Static(24)}, "[0 2 1]"},
	} {
		p := channelsFirst(len(c.in))
		q, ok := p.reshape(c.in, c.out)
		got := ""
		if ok {
			got = fmt.Sprint([]int(q[1]))
		}
		if got != c.want || ok && q[0] != nil {
			t.Errorf("%v -> %v: %q (%v), want %q", c.in, c.out, got, q[0], c.want)
		}
	}
}

// TestCut compares the flow algorithm with all cuts of small random networks.
func TestCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		f := newNetwork()
		n := 2 + rng.IntN(6)
		for range n - 2 {
			f.node()
		}
		type arc struct {
			u, v int
			c    int64
		}
		var arcs []arc
		for range rng.IntN(20) {
			a := arc{rng.IntN(n), rng.IntN(n), int64(rng.IntN(9))}
			arcs = append(arcs, a)
			f.edge(a.u, a.v, a.c)
		}
		best := inf
		cost := func(side func(int) bool) int64 {
			var c int64
			for _, a := range arcs {
				if side(a.u) && !side(a.v) {
					c += a.c
				}
			}
			return c
		}
		for m := range 1 << n {
			if m&1 == 1 && m&2 == 0 {
				best = min(best, cost(func(i int) bool { return m>>i&1 == 1 }))
			}
		}
		got, side := f.minCut()
		if got != best || cost(func(i int) bool { return side[i] }) != best {
			t.Fatalf("cut %d, the best is %d: %v", got, best, arcs)
		}
	}
}

// TestBest builds random networks of bound, free and logical operators and
// compares the plan with the best of all assignments.
func TestBest(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 200 {
		g := ir.New("random")
		vals := []*ir.Value{value(g, 1, 4, 3, 2)}
		for range 2 + rng.IntN(7) {
			pick := func() *ir.Value { return vals[rng.IntN(len(vals))] }
			switch rng.IntN(4) {
			case 0:
				vals = append(vals, node(g, "MaxPool", nil, []int{1, 4, 3, 2}, pick()))
			case 1:
				vals = append(vals, node(g, "CumSum", nil, []int{1, 4, 3, 2}, pick()))
			case 2:
				vals = append(vals, node(g, "Relu", nil, []int{1, 4, 3, 2}, pick()))
			default:
				vals = append(vals, node(g, "Add", nil, []int{1, 4, 3, 2}, pick(), pick()))
			}
		}
		g.Outputs = []*ir.Value{vals[len(vals)-1]}
		p := Solve(g, Options{})
		if got, want := p.Bytes, bestBytes(g); got != want {
			t.Fatalf("round %d: the plan moves %d bytes, the best %d: %v", round, got, want, p.Moves)
		}
		if p.Bytes > p.WrappedBytes {
			t.Fatalf("round %d: the plan moves %d bytes, wrapping %d", round, p.Bytes, p.WrappedBytes)
		}
	}
}

// bestBytes tries all orders of the free nodes.
func bestBytes(g *ir.Graph) int64 {
	best := inf
	for m := range 1 << len(g.Nodes) {
		label := map[*ir.Node]int{}
		legal := true
		for i, n := range g.Nodes {
			label[n] = m >> i & 1
			legal = legal && (n.Op != "MaxPool" || label[n] == 1) && (n.Op != "CumSum" || label[n] == 0)
		}
		if !legal {
			continue
		}
		var bytes int64
		for _, v := range g.Values() {
			stored := 0
			if v.Node() != nil {
				stored = label[v.Node()]
			}
			move := g.IsOutput(v) && stored == 1
			for _, u := range v.Uses() {
				move = move || label[u.Node] != stored
			}
			if move {
				bytes += bytesOf(v)
			}
		}
		best = min(best, bytes)
	}
	return best
}

// TestPlan looks at the orders that typical patterns get.
func TestPlan(t *testing.T) {
	t.Run("source that is channels-last", func(t *testing.T) {
		g := ir.New("g")
		x := value(g, 1, 5, 5, 3)
		a := node(g, "Transpose", ir.Attrs{"perm": []int64{0, 3, 1, 2}}, []int{1, 3, 5, 5}, x)
		b := node(g, "MaxPool", nil, []int{1, 3, 4, 4}, a)
		c := node(g, "Transpose", ir.Attrs{"perm": []int64{0, 2, 3, 1}}, []int{1, 4, 4, 3}, b)
		g.Outputs = []*ir.Value{node(g, "Relu", nil, []int{1, 4, 4, 3}, c)}
		if p := Solve(g, Options{}); len(p.Moves) != 0 || p.Store[x] != nil || !p.Store[a].Equal(Last(4)) || p.Store[c] != nil {
			t.Errorf("%+v", p)
		}
	})
	t.Run("flattened into a product", func(t *testing.T) {
		g := ir.New("g")
		a := node(g, "MaxPool", nil, []int{2, 3, 4, 4}, value(g, 2, 3, 8, 8))
		b := node(g, "Flatten", nil, []int{2, 48}, a)
		c := node(g, "Relu", nil, []int{2, 48}, b)
		w := g.AddConst("w", tensor.New(tensor.Float32, 48, 5))
		g.Outputs = []*ir.Value{node(g, "MatMul", nil, []int{2, 5}, c, w)}
		p := Solve(g, Options{})
		if len(p.Moves) != 1 || fmt.Sprint(p.Flat[c]) != "{[3 4 4] [1 2 0]}" {
			t.Errorf("%+v", p)
		}
		g.Outputs = append(g.Outputs, b)
		if p := Solve(g, Options{}); len(p.Moves) != 2 || len(p.Flat) != 0 {
			t.Errorf("with the flattened value as an output: %+v", p)
		}
	})
	t.Run("outputs and inputs channels-last", func(t *testing.T) {
		g := ir.New("g")
		g.Outputs = []*ir.Value{node(g, "MaxPool", nil, []int{2, 3, 4, 4}, value(g, 2, 3, 8, 8))}
		if p := Solve(g, Options{InputsLast: true, OutputsLast: true}); len(p.Moves) != 0 {
			t.Errorf("%+v", p.Moves)
		}
		if p := Solve(g, Options{}); len(p.Moves) != 2 || p.Moves[0].Reason == "" {
			t.Errorf("%+v", p.Moves)
		}
	})
}
