package legalize_test

import (
	"context"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// words computes in 32 bits alone; casts go between all types but those listed.
type words struct {
	target.Target
	strange []tensor.DType
}

func (words) Info() target.Info { return target.Info{Name: "words", Title: "Words"} }

func (words) Computes(d tensor.DType) bool { return d == tensor.Float32 || d == tensor.Int32 }

func (w words) Legal(n *ir.Node, _ target.Options) *diag.Finding {
	for _, v := range append(append([]*ir.Value{}, n.Inputs...), n.Outputs...) {
		for _, d := range w.strange {
			if v != nil && v.DType == d {
				return diag.Errorf("words.type", "%v cannot be held", d)
			}
		}
		if v != nil && n.Op != "Cast" && v.DType != tensor.Bool && !w.Computes(v.DType) {
			return diag.Errorf("words.type", "%s of %v", n.Op, v.DType)
		}
	}
	if n.Op == "Elu" {
		return diag.Errorf("words.op", "no Elu")
	}
	return nil
}

func TestWiden(t *testing.T) {
	reg := all.Registry()
	half, err := tensor.FromFloat64s(tensor.Float16, []float64{-1, 2, 0.5}, 3)
	if err != nil {
		t.Fatal(err)
	}
	bytes, bits := tensor.Of([]uint8{250, 3, 128}, 3), tensor.Of([]int8{-128, 127, -1}, 3)
	for _, c := range []struct {
		name    string
		op      string
		attrs   ir.Attrs
		in      []*tensor.Tensor
		strange []tensor.DType
		refused bool
	}{
		{"sums wrap around", "Add", nil, []*tensor.Tensor{bytes, bytes}, nil, false},
		{"differences wrap around", "Sub", nil, []*tensor.Tensor{tensor.Of([]uint8{0, 1, 2}, 3), bytes}, nil, false},
		{"products wrap around", "Mul", nil, []*tensor.Tensor{bits, bits}, nil, false},
		{"comparisons keep their type", "Less", nil, []*tensor.Tensor{bytes, tensor.Of([]uint8{251, 3, 127}, 3)}, nil, false},
		{"complement", "BitwiseNot", nil, []*tensor.Tensor{bytes}, nil, false},
		{"what is widened is decomposed after that", "Elu", nil, []*tensor.Tensor{half}, nil, false},
		{"a type that cannot be cast", "Add", nil, []*tensor.Tensor{half, half}, []tensor.DType{tensor.Float16}, true},
		{"no wider type", "Add", nil, []*tensor.Tensor{tensor.Of([]float64{1}, 1), tensor.Of([]float64{2}, 1)}, nil, true},
		{"the type is part of the meaning", "BitShift", ir.Attrs{"direction": "LEFT"}, []*tensor.Tensor{bytes, bytes}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := testkit.Node(reg, c.op, c.attrs, 1, c.in)
			if err != nil {
				t.Fatal(err)
			}
			feeds := map[string]*tensor.Tensor{}
			for i, v := range g.Inputs {
				feeds[v.Name] = c.in[i]
			}
			want, err := testkit.Eval(reg, g, feeds)
			if err != nil {
				t.Fatal(err)
			}
			l := legalize.Run(context.Background(), g, reg, words{strange: c.strange}, target.Options{})
			if c.refused {
				if l.Err() == nil {
					t.Error("no finding")
				}
				return
			}
			if l.Err() != nil {
				t.Fatal(l)
			}
			got, err := testkit.Eval(reg, g, feeds)
			if err != nil {
				t.Fatal(err)
			}
			testkit.Close(t, got[0], want[0], op.Elementwise)
		})
	}
}
