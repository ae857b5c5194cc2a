package runtimes

import (
	"fmt"
	"slices"

	"slipway/conversion/tensor"
)

// CheckInputs compares the tensors given to Session.Run with the session's
// inputs, so that every runtime refuses a wrong call with the same words and no
// vendor library ever sees one. A nil IO.Shape means that the rank is unknown
// and accepts every shape; -1 accepts every size. The error is a
// *RefusedError of stage "run".
func CheckInputs(runtime string, want []IO, got []*tensor.Tensor) error {
	if len(got) != len(want) {
		return Refuse(runtime, "run", "%d inputs were given, the model has %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		if g == nil {
			return Refuse(runtime, "run", "input %q is missing", w.Name)
		}
		if g.DType() != w.DType {
			return Refuse(runtime, "run", "input %q is %v, the model wants %v", w.Name, g.DType(), w.DType)
		}
		if w.Shape == nil {
			continue
		}
		ok := slices.EqualFunc(w.Shape, g.Shape(), func(w, g int) bool { return w < 0 || w == g })
		if !ok {
			return Refuse(runtime, "run", "input %q has shape %v, the model wants %v", w.Name, g.Shape(), w.Shape)
		}
	}
	return nil
}

// Refuse makes a *RefusedError with a formatted text.
func Refuse(runtime, stage, format string, args ...any) *RefusedError {
	return &RefusedError{Runtime: runtime, Stage: stage, Text: fmt.Sprintf(format, args...)}
}
