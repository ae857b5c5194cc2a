package mil

import (
	"context"
	"strings"
	"testing"

	schema "slipway/conversion/schema/mil"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// fake opens packages that are nowhere: what it tells is all there is.
type fake struct {
	model   *schema.Model
	decoded func(*schema.Model)
	closed  *bool
}

func (fake) Info() runtimes.Info         { return runtimes.Info{Name: "fake", Version: "1"} }
func (fake) Check(context.Context) error { return nil }

func (f fake) Open(context.Context, runtimes.Model, runtimes.Options) (runtimes.Session, error) {
	if f.model != nil {
		f.decoded(f.model)
	}
	return opened{f.closed}, nil
}

type opened struct{ closed *bool }

func (opened) Inputs() []runtimes.IO {
	return []runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 2}}}
}

func (opened) Outputs() []runtimes.IO {
	return []runtimes.IO{{Name: "label"}, {Name: "y", DType: tensor.Float32}}
}

func (o opened) Close() error { *o.closed = true; return nil }

func (opened) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	label, err := tensor.FromStrings([]int{}, []string{"a"})
	return []*tensor.Tensor{label, in[0]}, err
}

// TestDecodedOnce: the interface is that of the model which the inner runtime
// decoded, and the package is not looked at again.
func TestDecodedOnce(t *testing.T) {
	closed := false
	m := &schema.Model{Label: "label", Outputs: []schema.Feature{{Name: "label", Kind: schema.Text}, {Name: "y"}}}
	m.Main = &schema.Function{}
	r := New(func(decoded func(*schema.Model)) runtimes.Runtime { return fake{m, decoded, &closed} })
	if i := r.Info(); i.Name != Name || i.Version != "1" || i.Formats[0] != "coreml" {
		t.Errorf("is %+v", i)
	}
	s, err := r.Open(context.Background(), runtimes.Model{Path: "nowhere.mlpackage"}, runtimes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if o := s.Outputs(); len(o) != 1 || o[0].Name != "y" {
		t.Errorf("gives %v", o)
	}
}

// TestNotDecoded: an inner runtime that tells nothing is refused, and closed.
func TestNotDecoded(t *testing.T) {
	closed := false
	r := New(func(func(*schema.Model)) runtimes.Runtime { return fake{closed: &closed} })
	if _, err := r.Open(context.Background(), runtimes.Model{Path: "nowhere.mlpackage"}, runtimes.Options{}); err == nil || !strings.Contains(err.Error(), "decoded") || !closed {
		t.Errorf("%v, closed: %v", err, closed)
	}
	if _, err := r.Open(context.Background(), runtimes.Model{Path: "net.onnx"}, runtimes.Options{}); err == nil {
		t.Error("takes an ONNX file")
	}
}
