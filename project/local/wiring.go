package local

import (
	"context"
	"path/filepath"
	"strings"
	"sync"

	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/profiler/verify"
	"slipway/scratch"
)

// wiring is that of an ONNX file, which is read when it is first asked for: most
// artefacts match. Files of other formats have none.
type wiring struct {
	path   string
	makers func() (map[string]onnx.Maker, error)
}

func wiringOf(path string) verify.Wiring {
	return &wiring{path, sync.OnceValues(func() (map[string]onnx.Maker, error) { return onnx.Makers(path) })}
}

// Maker tells a Cast to floats, which decides nothing, by another name than one to
// integers or truth values.
func (w *wiring) Maker(tensor string) (verify.Maker, bool) {
	makers, _ := w.makers() // nothing is told of a file that cannot be read so
	m, ok := makers[tensor]
	if m.Op == "Cast" && m.To.IsFloat() {
		m.Op = "Cast to floats"
	}
	return verify.Maker{Layer: m.Name, Op: m.Op, Reads: m.Reads}, ok
}

// Rounds looks for what quantizes: QuantizeLinear, or an operator on integers that
// is called so (QLinearConv, MatMulInteger, DynamicQuantizeLinear); or for casts to
// bfloat16.
func (w *wiring) Rounds() string {
	makers, _ := w.makers()
	rounds := ""
	for _, m := range makers {
		switch {
		case strings.Contains(m.Op, "QuantizeLinear") && !strings.HasPrefix(m.Op, "De"), strings.HasPrefix(m.Op, "QLinear"), strings.HasSuffix(m.Op, "Integer"):
			return verify.Steps
		case m.To == tensor.BFloat16:
			rounds = verify.BFloat16
		}
	}
	return rounds
}

func (w *wiring) WithInputs(_ context.Context, tensors []string, values []*tensor.Tensor) (path string, remove func(), err error) {
	dir, remove, err := scratch.Dir("cut")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, filepath.Base(w.path))
	if err := onnx.WithInputs(w.path, path, tensors, values); err != nil {
		remove()
		return "", nil, err
	}
	return path, remove, nil
}
