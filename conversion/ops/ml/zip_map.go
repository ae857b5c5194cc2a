package ml

import (
	"strconv"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var zipMapDef = lowered("ZipMap", "Pairs each row's scores with the labels of their columns.", op.In("X"), op.In("Z"),
	func(l *lowering) []*ir.Value {
		labels := l.classes("classlabels_int64s")
		x := l.In(0)
		if n, ok := columnsOf(x); ok && l.err == nil && n != labels.Len() {
			l.fail("%d columns for %d labels", n, labels.Len())
		}
		names := labels.Strings()
		if labels.DType() != tensor.String {
			names = nil
			ints, _ := labels.Int64s()
			for _, k := range ints {
				names = append(names, strconv.FormatInt(k, 10))
			}
		}
		if len(names) > 8 {
			names = append(names[:8:8], "…")
		}
		l.Findings = append(l.Findings, diag.Warnf("onnx.map", "no target holds maps: the scores come as a tensor with a column for each of %s", strings.Join(names, ", ")))
		return []*ir.Value{x}
	})
