package text

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var tfIdfVectorizerDef = &op.Def{
	Name: "TfIdfVectorizer", Doc: "Counts the n-grams of a pool in each row, whole or with gaps, and weighs the counts.", Family: family,
	Attrs: []op.Attr{
		{Name: "max_gram_length", Kind: op.Int, Required: true},
		{Name: "max_skip_count", Kind: op.Int, Required: true},
		{Name: "min_gram_length", Kind: op.Int, Required: true},
		{Name: "mode", Kind: op.Str, Required: true},
		{Name: "ngram_counts", Kind: op.Ints, Required: true},
		{Name: "ngram_indexes", Kind: op.Ints, Required: true},
		{Name: "pool_int64s", Kind: op.Ints},
		{Name: "pool_strings", Kind: op.Strs},
		{Name: "weights", Kind: op.Floats},
	},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		width, err := columns(c.Node)
		if err != nil {
			return err
		}
		s := c.InShape(0)
		switch {
		case s == nil:
			c.Set(0, tensor.Float32, nil)
		case len(s) <= 1:
			c.Set(0, tensor.Float32, ir.Dims(width))
		case len(s) == 2:
			c.Set(0, tensor.Float32, ir.Shape{s[0], ir.Static(int64(width))})
		default:
			return fmt.Errorf("input %v is neither [C] nor [N,C]", s)
		}
		return nil
	},
	Eval: evalTfIdf,
	Tol:  op.Elementwise,
}

// columns is the length of a row of the result: the largest index and one.
func columns(n *ir.Node) (int, error) {
	width := int64(0)
	for _, i := range n.Ints("ngram_indexes") {
		if i < 0 || i >= 1<<31 {
			return 0, fmt.Errorf("ngram_indexes has %d", i)
		}
		width = max(width, i+1)
	}
	return int(width), nil
}

// gram is a node of the tree of n-grams; index is where it is counted, -1 where
// only longer ones are.
type gram struct {
	next  map[any]*gram
	index int
}

// pool makes the tree of those n-grams whose length the node asks for.
func pool(n *ir.Node) (*gram, error) {
	var items []any
	for _, v := range n.Ints("pool_int64s") {
		items = append(items, v)
	}
	if len(items) == 0 {
		list, _ := n.Attrs["pool_strings"].([]string)
		for _, v := range list {
			items = append(items, v)
		}
	}
	lo, hi := n.Int("min_gram_length", 1), n.Int("max_gram_length", 1)
	counts, indexes := n.Ints("ngram_counts"), n.Ints("ngram_indexes")
	root, id := &gram{index: -1}, 0
	for k, start := range counts {
		end := int64(len(items))
		if k+1 < len(counts) {
			end = counts[k+1]
		}
		if start < 0 || end < start || end > int64(len(items)) {
			return nil, fmt.Errorf("ngram_counts %v do not fit a pool of %d", counts, len(items))
		}
		size := int64(k + 1)
		for at := start; at+size <= end; at += size {
			if id >= len(indexes) {
				return nil, fmt.Errorf("ngram_indexes has %d entries, the pool more n-grams", len(indexes))
			}
			if size >= lo && size <= hi {
				root.add(items[at:at+size], int(indexes[id]))
			}
			id++
		}
	}
	return root, nil
}

func (g *gram) add(items []any, index int) {
	for _, v := range items {
		if g.next == nil {
			g.next = map[any]*gram{}
		}
		if g.next[v] == nil {
			g.next[v] = &gram{index: -1}
		}
		g = g.next[v]
	}
	g.index = index
}

// count adds to out the n-grams of row that start at lo items or more, their
// items being step apart.
func (g *gram) count(row []any, step, shortest int, out []float32) {
	for start := range row {
		at := g
		for size, i := 1, start; i < len(row); size, i = size+1, i+step {
			if at = at.next[row[i]]; at == nil {
				break
			}
			if at.index >= 0 && size >= shortest {
				out[at.index]++
			}
		}
	}
}

func evalTfIdf(c *op.EvalCtx) error {
	x := c.Arg(0)
	if x == nil || x.Rank() > 2 {
		return fmt.Errorf("wants an input of [C] or [N,C]")
	}
	items := make([]any, 0, x.Len())
	if x.DType() == tensor.String {
		for _, s := range x.Strings() {
			items = append(items, s)
		}
	} else {
		v, err := x.Int64s()
		if err != nil {
			return err
		}
		for _, n := range v {
			items = append(items, n)
		}
	}
	width, err := columns(c.Node)
	if err != nil {
		return err
	}
	rows, length, shape := 1, len(items), []int{width}
	if x.Rank() == 2 {
		rows, length, shape = x.Shape()[0], x.Shape()[1], []int{x.Shape()[0], width}
	}
	if err := kernel.CheckSize(tensor.Float32, shape); err != nil {
		return err
	}
	tree, err := pool(c.Node)
	if err != nil {
		return err
	}
	out := make([]float32, rows*width)
	skips := min(max(c.Int("max_skip_count", 0), 0), int64(length))
	for r := range rows {
		row, dst := items[r*length:][:length], out[r*width:][:width]
		for step := 1; step <= int(skips)+1; step++ {
			shortest := int(c.Int("min_gram_length", 1))
			if step > 1 {
				shortest = max(shortest, 2) // single items have no gaps
			}
			tree.count(row, step, shortest, dst)
		}
	}
	if err := weigh(c.Node, out, width); err != nil {
		return err
	}
	c.Out[0] = tensor.Of(out, shape...)
	return nil
}

// weigh turns counts into what mode asks for.
func weigh(n *ir.Node, out []float32, width int) error {
	w := n.Floats("weights")
	if len(w) > 0 && len(w) < width {
		return fmt.Errorf("%d weights for %d columns", len(w), width)
	}
	mode := n.Str("mode", "")
	if mode != "TF" && mode != "IDF" && mode != "TFIDF" {
		return fmt.Errorf("mode %q is not known", mode)
	}
	for i, f := range out {
		if mode == "IDF" && f > 0 {
			f = 1
		}
		if mode != "TF" && len(w) > 0 {
			f *= float32(w[i%width])
		}
		out[i] = f
	}
	return nil
}
