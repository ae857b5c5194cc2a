package shape

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

const family = "shape"

// oneInt returns the single element of integer input i.
func oneInt(c *op.EvalCtx, i int) (int64, error) {
	v, err := c.Ints64(i)
	if err != nil {
		return 0, err
	}
	if len(v) != 1 {
		return 0, fmt.Errorf("input %d has %d elements, not one", i, len(v))
	}
	return v[0], nil
}

func inferSame(c *op.InferCtx) error {
	c.Set(0, c.InType(0), c.InShape(0).Clone())
	return nil
}

// keepContent passes input 0's known elements on: the operator changes at most
// their rank.
func keepContent(c *op.InferCtx) {
	if v, ok := c.Content(0); ok {
		if o := c.Out(0); o != nil && o.Shape != nil && len(o.Shape) <= 1 && o.DType.IsInt() {
			c.SetContent(0, v)
		}
	}
}

// castContent passes known elements on to another integer type, which must hold
// them; sizes with symbols are taken to fit 32 bits.
func castContent(c *op.InferCtx) {
	o := c.Out(0)
	if o == nil || !c.InType(0).IsInt() || !o.DType.IsSigned() {
		return
	}
	v, _ := c.Content(0)
	bits := o.DType.Bits()
	for _, d := range v {
		n, static := d.Int()
		if static && n != n<<(64-bits)>>(64-bits) || !static && bits < 32 {
			return
		}
	}
	keepContent(c)
}

// listLength is the static length of a list input, false where it is unknown.
func listLength(c *op.InferCtx, i int) (int, bool) {
	s := c.InShape(i)
	if len(s) != 1 {
		return 0, false
	}
	n, ok := s[0].Int()
	return int(n), ok && n <= 64
}

// setUnknown types output 0 where the input that shapes it is not known: of the
// given rank, or of none where rank is negative.
func setUnknown(c *op.InferCtx, d tensor.DType, rank int) {
	if rank < 0 {
		c.Set(0, d, nil)
		return
	}
	c.Set(0, d, kernel.FreshShape(c.Out(0), rank))
}

// axesToInput is the reader of operators whose axes were an attribute before
// opset since.
func axesToInput(name string, since int) func(*op.Src) error {
	return func(s *op.Src) error {
		in := []*ir.Value{s.In(0), s.In(1)}
		if s.Version < since {
			if axes, ok := s.Ints("axes"); ok {
				in[1] = s.IntsConst(axes)
			}
		}
		return s.Lower(name, nil, in...)
	}
}

func one(v *ir.Value) ([]*ir.Value, error) { return []*ir.Value{v}, nil }

func integer(name string, def int64) op.Attr {
	return op.Attr{Name: name, Kind: op.Int, Default: def}
}
