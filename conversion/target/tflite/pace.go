package tflite

import (
	"context"
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/target"
)

var _ target.Pacer = Target{}

// Slow lists the operators that XNNPACK leaves to the runtime's own kernels.
func (Target) Slow(ctx context.Context, g *ir.Graph, o target.Options) ([]target.Slow, string, error) {
	w := newWriter(g, o)
	if err := w.build(ctx); err != nil {
		return nil, "", err
	}
	why := w.pace()
	var list []target.Slow
	seen := map[target.Slow]bool{}
	fast := make([]bool, len(why))
	taken := 0
	for i := range w.m.Operators {
		op := &w.m.Operators[i]
		if why[i] == "" {
			fast[i] = true
			taken++
			continue
		}
		layers := w.layers[w.m.Tensors[op.Outputs[0]].Name]
		if len(layers) == 0 {
			layers = []string{w.m.Tensors[op.Outputs[0]].Name}
		}
		s := target.Slow{Layer: layers[0], Op: op.Code.String(), Why: why[i]}
		if !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	remark := fmt.Sprintf("XNNPACK takes %d of %d operators, in ", taken, len(w.m.Operators))
	if n := parts(w.m, fast); n == 1 {
		remark += "one part"
	} else {
		remark += fmt.Sprintf("%d parts", n)
	}
	return list, remark, nil
}

// pace tells of each operator why XNNPACK leaves it, "" where it does not.
func (w *writer) pace() []string {
	// A tensor is of known size unless an operator computes what it depends on.
	late := map[int]bool{}
	all := make([]string, len(w.m.Operators))
	for i := range w.m.Operators {
		op := &w.m.Operators[i]
		all[i] = w.whyNotDelegated(op, late)
		if len(op.Outputs) > 0 && (computesSize(w.m, op) || slices.ContainsFunc(op.Inputs, func(t int) bool { return t >= 0 && late[t] })) {
			for _, t := range op.Outputs {
				late[t] = true
			}
		}
	}
	return all
}
