package tflite

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// aMove is a layer of integers, for which in makes inputs.
type aMove struct {
	name  string
	layer func(b *build, in func(name string) *ir.Value) *ir.Value
}

var someMoves = []aMove{
	{"Concat", func(b *build, in func(string) *ir.Value) *ir.Value {
		return b.op("Concat", ir.Attrs{"axis": int64(1)}, in("x"), in("y"))
	}},
	{"MaxPool", moved("MaxPool", ir.Attrs{"kernel_shape": ints(2, 2), "strides": ints(2, 2)})},
	{"MaxPool with a border", moved("MaxPool", ir.Attrs{"kernel_shape": ints(3, 3), "pads": ints(1, 1, 0, 0)})},
	{"mirror", moved("Pad", ir.Attrs{"mode": "reflect"}, 0, 0, 1, 1, 0, 0, 1, 1)},
	{"border", moved("Pad", nil, 0, 0, 1, 1, 0, 0, 1, 1)},
	{"Slice", func(b *build, in func(string) *ir.Value) *ir.Value {
		return b.op("Slice", nil, in("x"), b.ints(0, 1), b.ints(1, 3))
	}},
	{"Split", func(b *build, in func(string) *ir.Value) *ir.Value {
		return b.ops(2, "Split", ir.Attrs{"axis": int64(1)}, in("x"))[1]
	}},
	{"DepthToSpace", moved("DepthToSpace", ir.Attrs{"blocksize": int64(2)})},
	{"SpaceToDepth", moved("SpaceToDepth", ir.Attrs{"blocksize": int64(2)})},
	{"Reshape", moved("Reshape", nil, 1, 4, 64)},
	{"Transpose", moved("Transpose", ir.Attrs{"perm": ints(0, 3, 1, 2)})},
}

func moved(op string, attrs ir.Attrs, list ...int64) func(*build, func(string) *ir.Value) *ir.Value {
	return func(b *build, in func(string) *ir.Value) *ir.Value {
		if list == nil {
			return b.op(op, attrs, in("x"))
		}
		return b.op(op, attrs, in("x"), b.ints(list...))
	}
}

// betweenScales is a move of integers of type d that are read as others than were made.
func betweenScales(t *testing.T, m aMove, d tensor.DType, made, read qparam) *build {
	b := newBuild(t, m.name)
	params := func(q qparam) (*ir.Value, *ir.Value) {
		z, err := tensor.FromFloat64s(d, []float64{float64(q.zero)})
		if err != nil {
			t.Fatal(err)
		}
		return b.g.AddConst("s", tensor.Scalar(q.scale)), b.g.AddConst("z", z)
	}
	y := m.layer(b, func(name string) *ir.Value {
		s, z := params(made)
		return b.op("QuantizeLinear", nil, b.in(name, 1, 4, 8, 8), s, z)
	})
	s, z := params(read)
	b.g.Outputs = one(b.op("DequantizeLinear", nil, y, s, z))
	return b
}

// TestScalesOfMoved: integers that are moved and then read under the scale that they
// were made by, under one that is another in the last bit, or with another zero point.
func TestScalesOfMoved(t *testing.T) {
	testkit.Python(t)
	made := qparam{0.0123456, 3}
	var names []string
	var jobs []testkit.Job
	var want []*tensor.Tensor
	for _, m := range someMoves {
		for _, d := range []tensor.DType{tensor.Int8, tensor.Uint8} {
			for _, read := range []qparam{made, {math.Nextafter32(made.scale, 1), 3}, {made.scale, 4}} {
				b := betweenScales(t, m, d, made, read)
				feeds := randomInputs(t, b.g, -1, 1, 1)
				out, err := testkit.Eval(b.reg, b.g, feeds)
				if err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir()
				if _, err := (Target{}).Write(context.Background(), b.g, dir, target.Options{Name: "m"}); err != nil {
					t.Fatal(err)
				}
				names, want = append(names, fmt.Sprint(m.name, " of ", d, ", read by ", read)), append(want, out[0])
				jobs = append(jobs, testkit.Job{Runtime: "litert", Model: filepath.Join(dir, "m.tflite"), Inputs: feeds})
			}
		}
	}
	for i, r := range testkit.Vendor(t, jobs) {
		if r.Err != "" {
			t.Errorf("%s: %s", names[i], r.Err)
			continue
		}
		for _, got := range r.Outputs {
			g := got.Float64s()
			for k, w := range want[i].Float64s() {
				if math.Abs(g[k]-w) > 1e-6 {
					t.Errorf("%s: element %d is %g, want %g", names[i], k, g[k], w)
					break
				}
			}
		}
	}
}

// TestJoinedAlike: integers of one scale are joined as they lie, without copies.
func TestJoinedAlike(t *testing.T) {
	q := qparam{0.0123456, 3}
	w := newWriter(betweenScales(t, someMoves[0], tensor.Int8, q, q).g, target.Options{})
	if err := w.build(context.Background()); err != nil {
		t.Fatal(err)
	}
	var codes string
	for _, o := range w.m.Operators {
		codes += o.Code.String() + " "
	}
	if want := "QUANTIZE QUANTIZE CONCATENATION DEQUANTIZE "; codes != want {
		t.Errorf("operators are %s, want %s", codes, want)
	}
}
