package ml

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// labelEncoderDef's IR form has its table as two tensors of rank 1, whatever
// attributes a model spells it in.
var labelEncoderDef = &op.Def{
	Name: domain + "LabelEncoder", Doc: "Looks elements up in a table of keys and values.", Family: family,
	Attrs: []op.Attr{
		{Name: "keys_tensor", Kind: op.Tensor, Required: true},
		{Name: "values_tensor", Kind: op.Tensor, Required: true},
		{Name: "default_tensor", Kind: op.Tensor, Required: true},
	},
	Inputs: op.In("X"), Outputs: op.In("Y"),
	Infer: func(c *op.InferCtx) error {
		t, err := newLabelTable(c.Node)
		if err != nil {
			return err
		}
		if d := c.InType(0); d != tensor.Invalid && d != t.keys.DType() {
			return fmt.Errorf("looks %v up among %v", d, t.keys.DType())
		}
		c.Set(0, t.values.DType(), c.InShape(0).Clone())
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		t, err := newLabelTable(c.Node)
		if err != nil {
			return err
		}
		x := c.Arg(0)
		if x == nil || x.DType() != t.keys.DType() {
			return fmt.Errorf("wants elements of %v", t.keys.DType())
		}
		c.Out[0], err = t.lookup(x)
		return err
	},
	FromONNX: readLabelEncoder,
}

type labelTable struct{ keys, values, other *tensor.Tensor }

func newLabelTable(n *ir.Node) (*labelTable, error) {
	t := &labelTable{n.Tensor("keys_tensor"), n.Tensor("values_tensor"), n.Tensor("default_tensor")}
	switch {
	case t.keys == nil || t.values == nil || t.other == nil:
		return nil, fmt.Errorf("lacks keys, values or the default")
	case t.keys.Len() != t.values.Len():
		return nil, fmt.Errorf("%d keys for %d values", t.keys.Len(), t.values.Len())
	case t.other.Len() != 1 || t.other.DType() != t.values.DType():
		return nil, fmt.Errorf("the default is %v%v, the values are %v", t.other.DType(), t.other.Shape(), t.values.DType())
	}
	for _, k := range []*tensor.Tensor{t.keys, t.values} {
		if d := k.DType(); !d.IsReal() && d != tensor.String {
			return nil, fmt.Errorf("a table of %v", d)
		}
	}
	return t, nil
}

// lookup finds every element of x; NaN is a key as others are.
func (t *labelTable) lookup(x *tensor.Tensor) (*tensor.Tensor, error) {
	keys, index := keysOf(t.keys), map[any]int{}
	for i, k := range keys {
		if _, ok := index[k]; !ok {
			index[k] = i
		}
	}
	at := make([]int, x.Len())
	for i, k := range keysOf(x) {
		var ok bool
		if at[i], ok = index[k]; !ok {
			at[i] = -1
		}
	}
	if t.values.DType() == tensor.String {
		return tensor.FromStrings(x.Shape(), pick(at, t.values.Strings(), t.other.Strings()[0]))
	}
	if t.values.DType().IsInt() {
		v, err := t.values.Int64s()
		if err != nil {
			return nil, err
		}
		o, err := t.other.Int64s()
		if err != nil {
			return nil, err
		}
		return tensor.Of(pick(at, v, o[0]), x.Shape()...).Cast(t.values.DType())
	}
	return tensor.FromFloat64s(t.values.DType(), pick(at, t.values.Float64s(), t.other.Float64s()[0]), x.Shape()...)
}

func pick[T any](at []int, v []T, other T) []T {
	out := make([]T, len(at))
	for i, k := range at {
		out[i] = other
		if k >= 0 {
			out[i] = v[k]
		}
	}
	return out
}

func keysOf(t *tensor.Tensor) []any {
	out := make([]any, t.Len())
	switch {
	case t.DType() == tensor.String:
		for i, s := range t.Strings() {
			out[i] = s
		}
	case t.DType().IsInt():
		v, _ := t.Int64s()
		for i, n := range v {
			out[i] = n
		}
	default:
		for i, f := range t.Float64s() {
			out[i] = f
			if math.IsNaN(f) {
				out[i] = "NaN"
			}
		}
	}
	return out
}

// readLabelEncoder makes tensors of the lists of older forms.
func readLabelEncoder(s *op.Src) error {
	attrs := ir.Attrs{}
	var err error
	if s.Version == 1 {
		err = readClasses(s, attrs)
	} else {
		err = readTable(s, attrs)
	}
	if err != nil {
		return err
	}
	return s.Lower(domain+"LabelEncoder", attrs, s.In(0))
}

// readClasses reads the first version: strings stand for their places in a list,
// or places for strings.
func readClasses(s *op.Src, attrs ir.Attrs) error {
	raw, _ := s.Raw("classes_strings")
	names, ok := raw.([]string)
	if !ok || s.In(0) == nil {
		return fmt.Errorf("lacks its input or classes_strings")
	}
	words, err := tensor.FromStrings([]int{len(names)}, names)
	if err != nil {
		return err
	}
	places := make([]int64, len(names))
	for i := range places {
		places[i] = int64(i)
	}
	word, err := tensor.FromStrings([]int{1}, []string{s.Str("default_string", "_Unused")})
	if err != nil {
		return err
	}
	numbers, number := tensor.Of(places, len(places)), tensor.Of([]int64{s.Int("default_int64", -1)}, 1)
	attrs["keys_tensor"], attrs["values_tensor"], attrs["default_tensor"] = numbers, words, word
	if s.In(0).DType == tensor.String {
		attrs["keys_tensor"], attrs["values_tensor"], attrs["default_tensor"] = words, numbers, number
	}
	return nil
}

func readTable(s *op.Src, attrs ir.Attrs) error {
	keys, err := column(s, "keys")
	if err != nil {
		return err
	}
	values, err := column(s, "values")
	if err != nil {
		return err
	}
	word, err := tensor.FromStrings([]int{1}, []string{s.Str("default_string", "_Unused")})
	if err != nil {
		return err
	}
	number, float := s.Int("default_int64", -1), s.Float("default_float", math.Copysign(0, -1))
	given, _ := s.Raw("default_tensor")
	other, ok := given.(*tensor.Tensor)
	if !ok {
		switch d := values.DType(); {
		case d == tensor.String:
			other = word
		case d.IsInt():
			other, err = tensor.FromInt64s(d, []int64{number}, 1)
		default:
			other, err = tensor.FromFloat64s(d, []float64{float}, 1)
		}
	}
	attrs["keys_tensor"], attrs["values_tensor"], attrs["default_tensor"] = keys, values, other
	return err
}

// column reads a tensor or one of three lists.
func column(s *op.Src, name string) (*tensor.Tensor, error) {
	var found *tensor.Tensor
	var err error
	for _, suffix := range []string{"_tensor", "_strings", "_int64s", "_floats"} {
		raw, ok := s.Raw(name + suffix)
		if !ok {
			continue
		}
		switch v := raw.(type) {
		case *tensor.Tensor:
			found, err = v.Reshape(v.Len())
		case []string:
			found, err = tensor.FromStrings([]int{len(v)}, v)
		case []int64:
			found = tensor.Of(v, len(v))
		case []float64:
			found, err = tensor.FromFloat64s(tensor.Float32, v, len(v))
		default:
			err = fmt.Errorf("%s%s is %T", name, suffix, raw)
		}
		if err != nil {
			return nil, err
		}
	}
	if found == nil {
		return nil, fmt.Errorf("lacks its %s", name)
	}
	return found, nil
}
