package ml

import (
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var categoryMapperDef = lowered("CategoryMapper", "Looks up the number of a word, or the word of a number.", op.In("X"), op.In("Y"),
	func(l *lowering) []*ir.Value {
		ints, _ := l.Ints("cats_int64s")
		raw, _ := l.Raw("cats_strings")
		names, _ := raw.([]string)
		words, err := tensor.FromStrings([]int{len(names)}, names)
		if err != nil || len(names) != len(ints) {
			l.fail("%d words for %d numbers", len(names), len(ints))
			return nil
		}
		word, err := tensor.FromStrings([]int{1}, []string{l.Str("default_string", "_Unused")})
		if err != nil {
			l.fail("%w", err)
			return nil
		}
		numbers, number := tensor.Of(ints, len(ints)), tensor.Of([]int64{l.Int("default_int64", -1)}, 1)
		attrs := ir.Attrs{"keys_tensor": numbers, "values_tensor": words, "default_tensor": word}
		if x := l.In(0); x != nil && x.DType == tensor.String {
			attrs = ir.Attrs{"keys_tensor": words, "values_tensor": numbers, "default_tensor": number}
		}
		return []*ir.Value{l.op(domain+"LabelEncoder", attrs, l.In(0))}
	})
