package ml

import (
	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var oneHotEncoderDef = lowered("OneHotEncoder", "Gives each element a line with 1 at the place of its category.", op.In("X"), op.In("Y"),
	func(l *lowering) []*ir.Value {
		x := l.In(0)
		if x == nil {
			l.fail("lacks its input")
			return nil
		}
		if l.Int("zeros", 1) == 0 {
			l.Findings = append(l.Findings, diag.Warnf("onnx.unknown-category", "the model stops at a category that it does not know; converted, it gives zeros there").
				Suggest("check categories before the model runs"))
		}
		var keys *ir.Value
		ints, _ := l.Ints("cats_int64s")
		raw, _ := l.Raw("cats_strings")
		names, _ := raw.([]string)
		switch {
		case x.DType == tensor.String && len(names) > 0:
			words, err := tensor.FromStrings([]int{len(names)}, names)
			if err != nil {
				l.fail("%w", err)
				return nil
			}
			places := make([]int64, len(names))
			for i := range places {
				places[i] = int64(i)
			}
			x = l.op(domain+"LabelEncoder", ir.Attrs{
				"keys_tensor": words, "values_tensor": tensor.Of(places, len(places)), "default_tensor": tensor.Of([]int64{-1}, 1),
			}, x)
			keys = l.IntsConst(places)
		case x.DType != tensor.String && x.DType.IsReal() && len(ints) > 0:
			x, keys = l.cast(tensor.Int64, x), l.IntsConst(ints)
		default:
			l.fail("input of %v has no list of categories", x.DType)
			return nil
		}
		lines := l.op("Unsqueeze", nil, x, l.IntsConst([]int64{-1}))
		return []*ir.Value{l.cast(tensor.Float32, l.op("Equal", nil, lines, keys))}
	})
