package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// packaged runs ONNX files on this program's adapter and, where that cannot pass
// a value (a sequence, an optional value, a narrow type, a scalar of 16 bits), on
// ONNX Runtime's own Python package.
type packaged struct {
	vendor
	*lines
	dir string
}

// cannotPass tells the adapter's own refusals from the library's.
var cannotPass = []string{"cannot be passed", "of a type that can be passed", "The shape has no dimensions"}

func (v packaged) run(ctx context.Context, a artefact) ([]*tensor.Tensor, error) {
	odd := slices.ContainsFunc(slices.Concat(a.in, a.want), func(x *tensor.Tensor) bool { return x.DType().IsContainer() })
	if !odd {
		out, err := v.vendor.run(ctx, a)
		var refusal *runtimes.RefusedError
		if !errors.As(err, &refusal) || !slices.ContainsFunc(cannotPass, func(s string) bool { return strings.Contains(refusal.Text, s) }) {
			return out, err
		}
	}
	return v.python(ctx, a)
}

// wire is a value on its way to Python or back.
type wire struct {
	Type    string   `json:"type,omitempty"`
	Shape   []int    `json:"shape"`
	File    string   `json:"file,omitempty"`
	Strings []string `json:"strings,omitempty"`
	Items   []wire   `json:"items,omitempty"`
	None    bool     `json:"none,omitempty"`
	Cast    string   `json:"cast,omitempty"` // the type that the elements stand for
}

func (v packaged) python(ctx context.Context, a artefact) ([]*tensor.Tensor, error) {
	dir, err := os.MkdirTemp(v.dir, "python")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	job := map[string]any{"model": a.path, "base": filepath.Join(dir, "v")}
	in := []any{}
	for k, x := range a.in {
		w, err := pack(x, filepath.Join(dir, fmt.Sprintf("in%d", k)))
		if err != nil {
			return nil, err
		}
		in = append(in, w)
	}
	job["inputs"] = in
	q, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	var r struct {
		Error   string
		Outputs []wire
	}
	if err := v.ask(ctx, q, &r); err != nil {
		return nil, err
	}
	if r.Error != "" {
		return nil, errors.New("onnxruntime: " + r.Error)
	}
	out := make([]*tensor.Tensor, len(r.Outputs))
	for k, w := range r.Outputs {
		want := tensor.Invalid
		if k < len(a.want) {
			want = a.want[k].DType()
		}
		if out[k], err = unpack(w, want); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// pack writes a value's elements to files that begin with path.
func pack(x *tensor.Tensor, path string) (any, error) {
	if d := x.DType(); d.IsFloat() && d.Bits() < 64 && d != tensor.Float16 || d.IsInt() && d.Bits() < 8 {
		var err error
		if x, err = x.Cast(tensor.Float32); err != nil {
			return nil, err
		}
	}
	if !x.DType().IsContainer() {
		w := wire{Type: x.DType().String(), Shape: x.Shape(), Strings: x.Strings(), File: path}
		if w.Shape == nil {
			w.Shape = []int{}
		}
		return w, os.WriteFile(path, x.Bytes(), 0o600)
	}
	if x.DType() == tensor.Optional {
		if len(x.Items()) == 0 {
			return wire{None: true}, nil
		}
		return pack(x.Items()[0], path)
	}
	items := []any{}
	for i, y := range x.Items() {
		w, err := pack(y, fmt.Sprintf("%s_%d", path, i))
		if err != nil {
			return nil, err
		}
		items = append(items, w)
	}
	return map[string]any{"items": items}, nil
}

// unpack reads a value of which want is the wanted type: Python knows no optional
// values, only what they hold.
func unpack(w wire, want tensor.DType) (*tensor.Tensor, error) {
	switch {
	case want == tensor.Optional && w.None:
		return tensor.NewOptional(nil), nil
	case want == tensor.Optional:
		inner := tensor.Invalid
		if w.Type == "" {
			inner = tensor.Sequence
		}
		x, err := unpack(w, inner)
		return tensor.NewOptional(x), err
	case w.Type == "":
		items := make([]*tensor.Tensor, len(w.Items))
		for i, y := range w.Items {
			var err error
			if items[i], err = unpack(y, tensor.Invalid); err != nil {
				return nil, err
			}
		}
		return tensor.NewSequence(items...), nil
	case w.Type == "string":
		return tensor.FromStrings(w.Shape, w.Strings)
	}
	d, err := tensor.ParseDType(w.Type)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(w.File)
	if err != nil {
		return nil, err
	}
	x, err := tensor.FromBytes(d, w.Shape, b)
	if err != nil || w.Cast == "" {
		return x, err
	}
	if d, err = tensor.ParseDType(w.Cast); err != nil {
		return nil, err
	}
	return x.Cast(d)
}
