package text

import (
	"strings"
	"unicode"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// stringSplitDef's results are the parts, filled up with empty strings to as many
// as the longest list has, and how many there are of each string.
var stringSplitDef = &op.Def{
	Name: "StringSplit", Doc: "Splits strings at a delimiter, without one at white space.", Family: family,
	Attrs:  []op.Attr{{Name: "delimiter", Kind: op.Str}, {Name: "maxsplit", Kind: op.Int}},
	Inputs: op.In("X"), Outputs: op.In("Y", "Z"),
	Infer: func(c *op.InferCtx) error {
		if err := wantWords(c, 0); err != nil {
			return err
		}
		s := c.InShape(0)
		c.Set(1, tensor.Int64, s.Clone())
		if s != nil {
			s = append(s.Clone(), kernel.Fresh(c.Out(0), len(s)))
		}
		c.Set(0, tensor.String, s)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := words(c, 0)
		if err != nil {
			return err
		}
		parts, counts, most := make([][]string, x.Len()), make([]int64, x.Len()), 0
		for i, s := range x.Strings() {
			parts[i] = split(c.Node, s)
			counts[i] = int64(len(parts[i]))
			most = max(most, len(parts[i]))
		}
		shape := append(append([]int{}, x.Shape()...), most)
		if err := kernel.CheckSize(tensor.String, shape); err != nil {
			return err
		}
		out := make([]string, len(parts)*most)
		for i, p := range parts {
			copy(out[i*most:], p)
		}
		if c.Out[0], err = tensor.FromStrings(shape, out); err != nil {
			return err
		}
		if len(c.Out) > 1 {
			c.Out[1] = tensor.Of(counts, x.Shape()...)
		}
		return nil
	},
}

func split(n *ir.Node, s string) []string {
	limit := -1
	if n.Has("maxsplit") {
		limit = int(min(max(n.Int("maxsplit", 0), -1), 1<<30))
	}
	if d := n.Str("delimiter", ""); d != "" {
		if limit < 0 {
			return strings.Split(s, d)
		}
		return strings.SplitN(s, d, limit+1)
	}
	var out []string
	for s = strings.TrimLeftFunc(s, unicode.IsSpace); s != ""; s = strings.TrimLeftFunc(s, unicode.IsSpace) {
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 || limit >= 0 && len(out) == limit {
			return append(out, s)
		}
		out = append(out, s[:end])
		s = s[end:]
	}
	return out
}
