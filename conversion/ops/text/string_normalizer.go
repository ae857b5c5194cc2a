package text

import (
	"fmt"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// stringNormalizerDef takes [C] or [1,C]. Letters change case by Unicode's rules
// in every locale.
var stringNormalizerDef = &op.Def{
	Name: "StringNormalizer", Doc: "Takes stop words out of a list of strings and changes the case of the others.", Family: family,
	Attrs: []op.Attr{
		{Name: "case_change_action", Kind: op.Str, Default: "NONE"},
		{Name: "is_case_sensitive", Kind: op.Int, Default: int64(0)},
		{Name: "stopwords", Kind: op.Strs},
	},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		if err := wantWords(c, 0); err != nil {
			return err
		}
		s := c.InShape(0)
		if s == nil {
			c.Set(0, tensor.String, nil)
			return nil
		}
		if len(s) != 1 && len(s) != 2 {
			return fmt.Errorf("input %v is neither [C] nor [1,C]", s)
		}
		out := s.Clone()
		out[len(out)-1] = kernel.Fresh(c.Out(0), len(out)-1)
		c.Set(0, tensor.String, out)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := words(c, 0)
		if err != nil {
			return err
		}
		s := x.Shape()
		if len(s) != 1 && (len(s) != 2 || s[0] != 1) {
			return fmt.Errorf("input %v is neither [C] nor [1,C]", s)
		}
		out, err := normalise(c.Node, x.Strings())
		if err != nil {
			return err
		}
		shape := append([]int{}, s...)
		shape[len(shape)-1] = len(out)
		c.Out[0], err = tensor.FromStrings(shape, out)
		return err
	},
	Harmless: []string{"locale"},
}

func normalise(n *ir.Node, in []string) ([]string, error) {
	change := func(s string) string { return s }
	switch a := n.Str("case_change_action", "NONE"); a {
	case "LOWER":
		change = strings.ToLower
	case "UPPER":
		change = strings.ToUpper
	case "NONE":
	default:
		return nil, fmt.Errorf("case_change_action %q is not known", a)
	}
	key := strings.ToLower
	if n.Int("is_case_sensitive", 0) != 0 {
		key = func(s string) string { return s }
	}
	list, _ := n.Attrs["stopwords"].([]string)
	stop := map[string]bool{}
	for _, w := range list {
		stop[key(w)] = true
	}
	var out []string
	for _, s := range in {
		if !stop[key(s)] {
			out = append(out, change(s))
		}
	}
	if len(out) == 0 {
		out = []string{""}
	}
	return out, nil
}
