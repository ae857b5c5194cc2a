package coreml

import (
	"slipway/conversion/ir"
	"slipway/conversion/schema/mil"
	"slipway/conversion/tensor"
)

var classReaders = map[string]func(*reader){"classify": readClassify}

// readClassify: the first result is the name of the class with the highest
// score, the second the scores by name, which a graph has as a vector in the
// order of the names.
func readClassify(r *reader) {
	p, c := r.v("probabilities"), r.c("classes")
	if len(r.o.Outputs) != 2 || c == nil || c.DType() != tensor.String {
		r.fail("needs names and two results")
		return
	}
	label, scores := r.o.Outputs[0].Name, r.o.Outputs[1].Name
	flat := r.nodes("Reshape", nil, []*ir.Value{p, r.constInts(-1)}, scores)[0]
	if n, ok := flat.Shape[0].Int(); r.err == nil && (!ok || n != int64(c.Len())) {
		r.fail("%d names for scores of shape %v", c.Len(), p.Shape)
		return
	}
	best := r.node("ArgMax", ir.Attrs{"axis": int64(0), "keepdims": int64(0)}, flat)
	r.vals[label] = r.nodes("Gather", nil, []*ir.Value{r.g.AddConst("classes", c), best}, label)[0]
	r.vals[scores] = flat
}

// declared reports whether a value is of the type that the program tells.
func declared(v *ir.Value, t mil.Type) bool {
	if t.Kind == mil.Scores {
		return v.DType.IsFloat() && v.Rank() == 1
	}
	return v.DType == t.DType && agrees(v.Shape, t.Dims)
}
