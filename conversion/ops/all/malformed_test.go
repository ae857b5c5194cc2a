package all_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
)

// TestMalformed feeds every operator with inputs and attributes that do not fit:
// inference and arithmetic may refuse them, but must neither panic nor allocate
// what the data merely claims. Where both accept, they must agree.
func TestMalformed(t *testing.T) {
	reg := all.Registry()
	rng := rand.New(rand.NewPCG(1, 2))
	accepted := map[string]int{}
	for _, name := range reg.Names() {
		t.Run(name, func(t *testing.T) {
			for i := 0; i < 500 && !t.Failed(); i++ {
				n, in := malformed(rng, reg.Get(name))
				if tryNode(t, reg, n, in) {
					accepted[name]++
				}
			}
		})
	}
	sum := 0
	for _, n := range accepted {
		sum += n
	}
	t.Logf("%d of %d operators accepted something, %d nodes in all", len(accepted), len(reg.Names()), sum)
}

func tryNode(t *testing.T, reg *op.Registry, n *ir.Node, in []*tensor.Tensor) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s %v %v panics: %v", n.Op, n.Attrs, in, p)
		}
	}()
	inferErr := reg.Infer(n)
	out, err := reg.EvalNode(n, in)
	if err != nil {
		return false
	}
	for i, x := range out {
		if x == nil {
			continue
		}
		if got, err := tensor.NumElements(x.Shape()); err != nil || got != x.Len() {
			t.Errorf("%s %v %v makes a bad tensor %v", n.Op, n.Attrs, in, x.Shape())
		}
		if inferErr != nil || n.Out(i) == nil {
			continue
		}
		if err := fits(n.Out(i), x); err != nil {
			t.Errorf("%s %v %v: %v", n.Op, n.Attrs, in, err)
		}
	}
	return inferErr == nil
}

var (
	oddShapes = [][]int{{}, {1}, {3}, {0}, {2, 3}, {3, 2}, {1, 1}, {2, 0, 3}, {1, 2, 3}, {1, 4, 4, 4}, {2, 3, 4, 4}, {4, 4, 3, 3}, {1, 2, 3, 2, 3}}
	oddInts   = []int64{0, 1, -1, 2, 3, -2, -4, 7, 1 << 20, 1 << 40, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
	oddTypes  = []tensor.DType{
		tensor.Float32, tensor.Float32, tensor.Float32, tensor.Int64, tensor.Int64, tensor.Float16, tensor.Float64, tensor.Int8,
		tensor.Uint8, tensor.Bool, tensor.Int32, tensor.Uint64, tensor.String, tensor.Int4, tensor.Float8E4M3FN, tensor.Complex64,
	}
	oddStrings = []string{"", "edge", "reflect", "wrap", "constant", "tanh", "CRD", "SAME_UPPER", "VALID", "linear", "cubic", "none"}
)

// malformed makes a node of d with random inputs, half of one type and shape.
func malformed(rng *rand.Rand, d *op.Def) (*ir.Node, []*tensor.Tensor) {
	pick := func(n int) int { return rng.IntN(n) }
	g := ir.New("malformed")
	count := len(d.Inputs) + pick(3) - 1
	same, typ, shape := pick(2) == 0, oddTypes[pick(len(oddTypes))], oddShapes[pick(len(oddShapes))]
	var in []*tensor.Tensor
	var values []*ir.Value
	for i := range max(count, 0) {
		if !same {
			typ, shape = oddTypes[pick(len(oddTypes))], oddShapes[pick(len(oddShapes))]
		}
		var x *tensor.Tensor
		switch pick(6) {
		case 0:
		case 1:
			x = tensor.Of([]int64{oddInts[pick(len(oddInts))]}, 1)
		case 2:
			v := make([]int64, len(shape))
			for k := range v {
				v[k] = oddInts[pick(len(oddInts))]
			}
			x = tensor.Of(v, len(v))
		default:
			x = randomTensor(rng, typ, shape)
		}
		in = append(in, x)
		switch {
		case x == nil:
			values = append(values, nil)
		case pick(2) == 0:
			values = append(values, g.AddConst(fmt.Sprint("c", i), x))
		default:
			values = append(values, g.AddInput(fmt.Sprint("x", i), x.DType(), ir.Dims(x.Shape()...)))
		}
	}
	attrs := ir.Attrs{}
	for _, a := range d.Attrs {
		if pick(2) == 0 {
			continue
		}
		switch a.Kind {
		case op.Int:
			attrs[a.Name] = oddInts[pick(len(oddInts))]
		case op.Float:
			attrs[a.Name] = rng.NormFloat64() * 10
		case op.Str:
			attrs[a.Name] = oddStrings[pick(len(oddStrings))]
		case op.Ints:
			v := make([]int64, pick(5))
			for k := range v {
				v[k] = oddInts[pick(len(oddInts))]
			}
			attrs[a.Name] = v
		case op.Floats:
			attrs[a.Name] = []float64{rng.NormFloat64(), math.NaN()}
		case op.Tensor:
			attrs[a.Name] = randomTensor(rng, oddTypes[pick(len(oddTypes))], oddShapes[pick(len(oddShapes))])
		}
	}
	outs := make([]string, max(1, len(d.Outputs)+pick(2)-1))
	for i := range outs {
		outs[i] = fmt.Sprint("y", i)
	}
	return g.AddNode(d.Name, "node", attrs, values, outs...), in
}

func randomTensor(rng *rand.Rand, d tensor.DType, shape []int) *tensor.Tensor {
	x := tensor.New(d, slices.Clone(shape)...)
	if d.Bits() == 0 || d.Bits() > 64 {
		return x
	}
	v := make([]float64, x.Len())
	for i := range v {
		v[i] = float64(rng.IntN(9) - 3)
	}
	y, err := tensor.FromFloat64s(d, v, shape...)
	if err != nil {
		return x
	}
	return y
}
