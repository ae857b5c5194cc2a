package shape

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// castDef's attribute to is a TensorProto.DataType number: see op.ONNXType.
var castDef = &op.Def{
	Name: "Cast", Doc: "Converts elements to another type.", Family: family,
	Attrs:  []op.Attr{{Name: "to", Kind: op.Int, Required: true}, integer("saturate", 1), roundMode},
	Inputs: op.In("input"), Outputs: op.In("output"),
	Infer: func(c *op.InferCtx) error {
		d, err := op.FromONNXType(c.Int("to", 0))
		if err == nil {
			_, err = rounding(c.Node)
		}
		if err != nil {
			return err
		}
		c.Set(0, d, c.InShape(0).Clone())
		castContent(c)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		x, err := c.Need(0)
		if err != nil {
			return err
		}
		d, err := op.FromONNXType(c.Int("to", 0))
		if err != nil {
			return err
		}
		c.Out[0], err = convert(x, d, c.Node)
		return err
	},
	FromONNX: func(s *op.Src) error {
		attrs := s.AttrsOf("to", "saturate", "round_mode")
		if v, ok := s.Raw("to"); ok && s.Version < 6 {
			d, err := tensorTypeByName(v)
			if err != nil {
				return err
			}
			attrs["to"] = d
		}
		if v, _ := attrs["saturate"].(int64); v == 1 {
			delete(attrs, "saturate")
		}
		return s.Lower("Cast", attrs, s.In(0))
	},
}

// roundMode concerns the type float8e8m0 alone.
var roundMode = op.Attr{Name: "round_mode", Kind: op.Str, Default: "up"}

func rounding(n *ir.Node) (tensor.RoundMode, error) {
	switch m := n.Str("round_mode", "up"); m {
	case "up":
		return tensor.RoundUp, nil
	case "down":
		return tensor.RoundDown, nil
	case "nearest":
		return tensor.RoundNearest, nil
	default:
		return 0, fmt.Errorf("round_mode %q is not known", m)
	}
}

// tensorTypeByName reads the spelling of opset 1, such as "FLOAT".
func tensorTypeByName(v any) (int64, error) {
	name, _ := v.(string)
	n := slices.Index([]string{
		"UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16", "DOUBLE", "UINT32", "UINT64",
	}, strings.ToUpper(name))
	if n < 1 {
		return 0, fmt.Errorf("element type %v is not known", v)
	}
	return int64(n), nil
}

// convert is the arithmetic of Cast, with n's attributes. Without saturate, values
// that float8 cannot hold become NaN or infinite instead of its largest number.
func convert(x *tensor.Tensor, to tensor.DType, n *ir.Node) (*tensor.Tensor, error) {
	from, saturate := x.DType(), n.Int("saturate", 1) != 0
	mode, err := rounding(n)
	if err != nil {
		return nil, err
	}
	switch {
	case from == to:
		return x, nil
	case from == tensor.String:
		return parseStrings(x, to)
	case to == tensor.String:
		return formatStrings(x)
	case to == tensor.Float8E8M0 && from.IsReal():
		out := make([]uint8, x.Len())
		kernel.Map(out, x.Float64s(), func(v float64) uint8 { return tensor.Float64ToFloat8E8M0(v, saturate, mode) })
		return tensor.FromBytes(to, x.Shape(), out)
	case !saturate && to.IsFloat() && to.Bits() == 8:
		out := make([]uint8, x.Len())
		kernel.Map(out, x.Float32s(), func(v float32) uint8 { return tensor.Float32ToFloat8(to, v, false) })
		return tensor.FromBytes(to, x.Shape(), out)
	case from.IsFloat() && to.IsInt() && to.Bits() < 8:
		// Out of range, ONNX keeps the low bits of the truncated number.
		wide, err := x.Cast(tensor.Int64)
		if err != nil {
			return nil, err
		}
		return wide.Cast(to)
	}
	return x.Cast(to)
}

func parseStrings(x *tensor.Tensor, to tensor.DType) (*tensor.Tensor, error) {
	if to.IsInt() {
		v := make([]int64, x.Len())
		for i, s := range x.Strings() {
			n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("element %d: %q is not an integer", i, s)
			}
			v[i] = n
		}
		return tensor.FromInt64s(to, v, x.Shape()...)
	}
	v := make([]float64, x.Len())
	for i, s := range x.Strings() {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return nil, fmt.Errorf("element %d: %q is not a number", i, s)
		}
		v[i] = f
	}
	return tensor.FromFloat64s(to, v, x.Shape()...)
}

func formatStrings(x *tensor.Tensor) (*tensor.Tensor, error) {
	out := make([]string, x.Len())
	switch d := x.DType(); {
	case d.IsFloat():
		bits := min(max(d.Bits(), 32), 64)
		for i, v := range x.Float64s() {
			out[i] = formatFloat(v, bits)
		}
	default:
		v, err := x.Int64s()
		if err != nil {
			return nil, err
		}
		for i, n := range v {
			out[i] = strconv.FormatInt(n, 10)
		}
	}
	return tensor.FromStrings(x.Shape(), out)
}

// formatFloat spells the shortest decimal that reads back the same, with the
// names of the specification for what is not finite.
func formatFloat(v float64, bits int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "INF"
	case math.IsInf(v, -1):
		return "-INF"
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}
