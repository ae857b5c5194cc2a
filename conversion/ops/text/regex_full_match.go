package text

import (
	"fmt"
	"regexp"

	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var regexFullMatchDef = &op.Def{
	Name: "RegexFullMatch", Doc: "Tells elementwise whether a whole string matches a regular expression in RE2's syntax.", Family: family,
	Attrs:  []op.Attr{{Name: "pattern", Kind: op.Str}},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		if err := wantWords(c, 0); err != nil {
			return err
		}
		c.Set(0, tensor.Bool, c.InShape(0).Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := words(c, 0)
		if err != nil {
			return err
		}
		p := c.Str("pattern", "")
		if _, err := regexp.Compile(p); err != nil {
			return fmt.Errorf("pattern %q: %w", p, err)
		}
		whole, err := regexp.Compile(`\A(?:` + p + `)\z`)
		if err != nil {
			return fmt.Errorf("pattern %q: %w", p, err)
		}
		out := make([]bool, x.Len())
		for i, s := range x.Strings() {
			out[i] = whole.MatchString(s)
		}
		c.Out[0] = tensor.Of(out, x.Shape()...)
		return nil
	},
}
