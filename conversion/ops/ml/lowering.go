package ml

import (
	"errors"
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

var errLowered = errors.New("it is lowered to other operators on import")

// lowered declares an operator that is sums, products and comparisons, which its
// reader writes, so that every target holds it that holds those.
func lowered(name, doc string, inputs, outputs []op.Param, read func(*lowering) []*ir.Value) *op.Def {
	return &op.Def{
		Name: domain + name, Doc: doc, Family: family, Inputs: inputs, Outputs: outputs,
		Infer: func(*op.InferCtx) error { return errLowered },
		Eval:  func(*op.EvalCtx) error { return errLowered },
		FromONNX: func(s *op.Src) error {
			l := &lowering{Src: s}
			out := read(l)
			s.Return(out...)
			return l.err
		},
	}
}

// lowering writes what a node means; after the first error nothing is written.
type lowering struct {
	*op.Src
	err error
}

// fail keeps the first error.
func (l *lowering) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

func (l *lowering) op(name string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
	if l.err != nil {
		return nil
	}
	if attrs == nil {
		attrs = ir.Attrs{}
	}
	n, err := l.Emit(name, attrs, 1, in...)
	if err != nil {
		l.err = err
		return nil
	}
	return n.Out(0)
}

// numbers is a constant of float32.
func (l *lowering) numbers(v []float64, shape ...int) *ir.Value {
	t, err := tensor.FromFloat64s(tensor.Float32, v, shape...)
	if err != nil {
		l.fail("%w", err)
		return nil
	}
	return l.Const(t)
}

func (l *lowering) number(v float64) *ir.Value { return l.numbers([]float64{v}) }

func (l *lowering) cast(d tensor.DType, v *ir.Value) *ir.Value {
	if v == nil || v.DType == d {
		return v
	}
	return l.op("Cast", ir.Attrs{"to": op.ONNXType(d)}, v)
}

// list is an attribute of numbers, nil where it is absent.
func (l *lowering) list(name string) []float64 {
	raw, ok := l.Raw(name)
	if !ok {
		return nil
	}
	switch v := raw.(type) {
	case []float64:
		return v
	case *tensor.Tensor:
		if v.DType().IsReal() {
			return v.Float64s()
		}
	}
	l.fail("%s is no list of numbers", name)
	return nil
}

// numbersOf is a list that the older name spells in float32 and the newer one as
// a tensor.
func (l *lowering) numbersOf(name string) []float64 {
	if v := l.list(name + "_as_tensor"); v != nil {
		return v
	}
	return l.list(name)
}

// rows is input i as [rows,columns] of float32; one row may lack its dimension.
func (l *lowering) rows(i int) *ir.Value {
	x := l.In(i)
	switch {
	case x == nil:
		l.fail("lacks input %d", i)
		return nil
	case x.DType == tensor.String || !x.DType.IsReal():
		l.fail("input %d is of %v, not numbers", i, x.DType)
		return nil
	case len(x.Shape) == 1:
		x = l.op("Unsqueeze", nil, x, l.IntsConst([]int64{0}))
	case len(x.Shape) != 2:
		l.fail("input %v is not [rows,columns]", x.Shape)
		return nil
	}
	return l.cast(tensor.Float32, x)
}

// classes are the labels of a classifier, integers or strings.
func (l *lowering) classes(ints string) *tensor.Tensor {
	if raw, ok := l.Raw("classlabels_strings"); ok {
		names, ok := raw.([]string)
		t, err := tensor.FromStrings([]int{len(names)}, names)
		if !ok || err != nil {
			l.fail("classlabels_strings is no list of strings")
			return tensor.New(tensor.Int64, 0)
		}
		if len(names) > 0 {
			l.Ints(ints)
			return t
		}
	}
	v, _ := l.Ints(ints)
	if len(v) == 0 {
		l.fail("lacks the labels of its classes")
	}
	return tensor.Of(v, len(v))
}

// pick gives the label of each place.
func (l *lowering) pick(labels *tensor.Tensor, places *ir.Value) *ir.Value {
	return l.op("Gather", ir.Attrs{"axis": int64(0)}, l.Const(labels), places)
}

// best is the column of each row's largest score, the first of equals.
func (l *lowering) best(scores *ir.Value) *ir.Value {
	return l.op("ArgMax", ir.Attrs{"axis": int64(1), "keepdims": int64(0)}, scores)
}

// above is 1 for each row whose one score is above the limit, else 0.
func (l *lowering) above(score *ir.Value, limit float64) *ir.Value {
	over := l.op("Greater", nil, score, l.number(limit))
	return l.cast(tensor.Int64, l.op("Squeeze", nil, over, l.IntsConst([]int64{1})))
}

// beside puts columns next to each other.
func (l *lowering) beside(columns ...*ir.Value) *ir.Value {
	return l.op("Concat", ir.Attrs{"axis": int64(1)}, columns...)
}

// after applies the node's post_transform to scores.
func (l *lowering) after(scores *ir.Value) *ir.Value {
	switch kind := l.Str("post_transform", "NONE"); kind {
	case "NONE":
		return scores
	case "LOGISTIC":
		return l.op("Sigmoid", nil, scores)
	case "SOFTMAX":
		return l.op("Softmax", ir.Attrs{"axis": int64(1)}, scores)
	default:
		l.fail("post_transform %s is not understood", kind)
		return nil
	}
}

// linear is x·wᵀ + b, where w has one line of coefficients a result.
func (l *lowering) linear(x *ir.Value, w, b []float64) *ir.Value {
	if l.err != nil {
		return nil
	}
	count := len(b)
	if n, ok := columnsOf(x); ok && n > 0 && len(b) == 0 {
		count = len(w) / n
	}
	if count == 0 || len(w)%count != 0 || len(b) != 0 && len(b) != count {
		l.fail("%d coefficients and %d intercepts fit no %d results", len(w), len(b), count)
		return nil
	}
	in := []*ir.Value{x, l.numbers(w, count, len(w)/count)}
	if len(b) > 0 {
		in = append(in, l.numbers(b, count))
	}
	return l.op("Gemm", ir.Attrs{"transB": int64(1)}, in...)
}
