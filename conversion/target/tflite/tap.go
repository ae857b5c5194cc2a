package tflite

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"slipway/conversion/filemap"
	"slipway/conversion/pass/layout"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/target"
)

var (
	_ target.Tapper = Target{}
	_ target.Namer  = Target{}
)

// ordersKey names the metadata that tell in which axis order tensors are stored:
// JSON, tensor name to the logical axis of each stored axis. A tensor that is
// not listed is stored in the source model's order.
const ordersKey = "slipway.orders"

// orders is the content of that metadata.
func (w *writer) orders() []byte {
	m := map[string]layout.Perm{}
	for _, h := range w.held {
		if h.order != nil {
			m[w.m.Tensors[h.t].Name] = h.order
		}
	}
	if len(m) == 0 {
		return nil
	}
	b, _ := json.Marshal(m)
	return b
}

// findTaps maps each source layer to the tensor that holds its output.
func (w *writer) findTaps() {
	for _, v := range w.g.Values() {
		h, ok := w.held[v]
		if !ok {
			continue
		}
		for _, l := range v.Layers {
			if w.taps[l] == "" {
				w.taps[l] = w.m.Tensors[h.t].Name
			}
		}
	}
}

// open reads a model back.
func open(path string) (m *fb.Model, lossy bool, closeFile func() error, err error) {
	f, err := filemap.Open(path, false)
	if err != nil {
		return nil, false, nil, fmt.Errorf("tflite: %w", err)
	}
	if m, lossy, err = fb.Decode(f.Bytes()); err != nil {
		f.Close()
		return nil, false, nil, fmt.Errorf("%s: %w", path, err)
	}
	for i := range m.Buffers {
		m.Buffers[i].Release = filemap.Release
	}
	return m, lossy, f.Close, nil
}

// Tensors lists the tensors of the model at path that are neither constants nor
// its inputs.
func (Target) Tensors(_ context.Context, path string) ([]string, error) {
	m, _, closeFile, err := open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = closeFile() }() // only releases the map
	var out []string
	for _, o := range m.Operators {
		for _, t := range o.Outputs {
			out = append(out, m.Tensors[t].Name)
		}
	}
	return out, nil
}

// Tap writes a copy of the model at path into dir whose outputs are its own
// followed by the named tensors, in floating point and in the source model's
// axis order. Models that other tools wrote are refused where this package does
// not know all that they hold.
func (Target) Tap(ctx context.Context, path string, tensors []string, dir string) (string, error) {
	m, lossy, closeFile, err := open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = closeFile() }() // only releases the map
	if lossy {
		return "", fmt.Errorf("tflite: %s holds operators that cannot be copied", path)
	}
	orders := map[string]layout.Perm{}
	for _, d := range m.Metadata {
		if d.Name == ordersKey {
			if err := json.Unmarshal(m.Buffers[d.Buffer].Data, &orders); err != nil {
				return "", fmt.Errorf("tflite: %s: %s: %w", path, ordersKey, err)
			}
		}
	}
	w := &writer{
		m: m, consts: map[constKey]int{}, smalls: map[string]int{}, moved: map[moveKey]int{},
		names: map[string]bool{}, next: map[string]int{}, temps: map[int]bool{},
	}
	at := map[string]int{}
	for i, t := range m.Tensors {
		w.names[t.Name] = true
		at[t.Name] = i
	}
	for _, name := range tensors {
		t, ok := at[name]
		if !ok {
			return "", fmt.Errorf("tflite: %s has no tensor %q", path, name)
		}
		w.tap(t, name, orders[name])
	}
	for i := range m.Operators {
		if m.Operators[i].Version == 0 {
			m.Operators[i].Version = versionOf(m, &m.Operators[i])
		}
	}
	out := filepath.Join(dir, strings.TrimSuffix(filepath.Base(path), ".tflite")+"_tapped.tflite")
	return out, writeModel(ctx, m, out)
}

// tap appends an output that holds tensor t in floating point and logical order.
func (w *writer) tap(t int, name string, order layout.Perm) {
	x := w.m.Tensors[t]
	if x.Quant != nil && len(x.Quant.Scale) == 1 && (x.Type == fb.Int8 || x.Type == fb.Uint8) {
		f := w.floatTensor(x.Shape)
		w.op(fb.Dequantize, nil, []int{t}, f)
		t = f
	}
	y := w.permute(t, order.Inverse())
	if !w.temps[y] {
		y = w.copyOf(y)
	}
	delete(w.temps, y)
	w.m.Tensors[y].Name = w.unique(name + "/tap")
	w.m.Outputs = append(w.m.Outputs, y)
	if w.m.Signature == nil {
		return
	}
	w.m.Signature.Outputs = append(w.m.Signature.Outputs, fb.TensorName{Name: w.m.Tensors[y].Name, Tensor: y})
}

// writeModel writes m to a new file.
func writeModel(ctx context.Context, m *fb.Model, path string) error {
	_, err := writeSummed(ctx, m, path)
	return err
}

// writeSummed is writeModel that returns the file's SHA-256 in hex.
func writeSummed(ctx context.Context, m *fb.Model, path string) (sum string, err error) {
	f, err := target.Create(path)
	if err != nil {
		return "", fmt.Errorf("tflite: %w", err)
	}
	defer f.Close()
	if err := m.Encode(&contextWriter{ctx, f}); err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", fmt.Errorf("tflite: %w", err)
	}
	return f.SHA256(), nil
}
