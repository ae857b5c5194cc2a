package local

import (
	"context"
	"os"
	"path/filepath"

	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/profiler/verify"
)

// wiring is that of an ONNX file.
type wiring struct {
	path   string
	makers map[string]onnx.Maker
}

func readWiring(path string) (verify.Wiring, error) {
	makers, err := onnx.Makers(path)
	if err != nil {
		return nil, err
	}
	return &wiring{path, makers}, nil
}

// Maker tells a Cast to floats, which decides nothing, by another name than one to
// integers or truth values.
func (w *wiring) Maker(tensor string) (verify.Maker, bool) {
	m, ok := w.makers[tensor]
	if m.Op == "Cast" && m.To.IsFloat() {
		m.Op = "Cast to floats"
	}
	return verify.Maker{Layer: m.Name, Op: m.Op, Reads: m.Reads}, ok
}

func (w *wiring) WithInputs(_ context.Context, tensors []string, values []*tensor.Tensor) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "studio-cut-")
	if err != nil {
		return "", nil, err
	}
	path, remove = filepath.Join(dir, filepath.Base(w.path)), func() { os.RemoveAll(dir) }
	if err := onnx.WithInputs(w.path, path, tensors, values); err != nil {
		remove()
		return "", nil, err
	}
	return path, remove, nil
}
