package reduce

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

var reduceLogSumExpDef = func() *op.Def {
	d := reduction("ReduceLogSumExp", "Takes the logarithm of the sum of exponentials along the axes.", 18,
		folds{floats: logSumExp})
	d.Decompose = decomposeLogSumExp
	return d
}()

// logSumExp subtracts the largest element first, so that nothing overflows.
func logSumExp(v []float64) float64 {
	m := math.Inf(-1)
	for _, x := range v {
		m = max(m, x)
	}
	if math.IsInf(m, 0) || m != m {
		return m
	}
	s := 0.0
	for _, x := range v {
		s += math.Exp(x - m)
	}
	return m + math.Log(s)
}

func decomposeLogSumExp(b *op.Builder) ([]*ir.Value, error) {
	x := b.In(0)
	wide := *b.Node
	wide.Attrs = b.Attrs.Clone()
	wide.Attrs["keepdims"] = int64(1)
	keep := &op.Builder{Node: &wide, Patch: b.Patch}
	top := again(keep, "ReduceMax", x)
	sum := again(keep, "ReduceSum", b.Op("Exp", nil, b.Op("Sub", nil, x, top)))
	out := b.Op("Add", nil, b.Op("Log", nil, sum), top)
	if b.Int("keepdims", 1) != 0 {
		return []*ir.Value{out}, nil
	}
	in := []*ir.Value{out}
	switch {
	case b.In(1) != nil:
		axes, ok := b.In(1).ConstInts()
		if !ok {
			return nil, fmt.Errorf("ReduceLogSumExp with axes known only at run time: %w", op.ErrNoDecomposition)
		}
		if len(axes) > 0 {
			in = append(in, b.In(1))
			break
		}
		fallthrough
	default:
		if b.Int("noop_with_empty_axes", 0) != 0 {
			return in, nil
		}
	}
	return []*ir.Value{b.Op("Squeeze", nil, in...)}, nil
}
