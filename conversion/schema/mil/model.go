package mil

import "slipway/conversion/tensor"

// Model is one ML Program with its interface.
type Model struct {
	Version         int // specification version: 6 to 10
	Inputs, Outputs []Feature
	About           string
	Meta            map[string]string // user-defined metadata
	Main            *Function
	// Label and Scores are, for a classifier, the outputs that hold the class
	// and the score of each class.
	Label, Scores string
}

// PictureKey is the metadata key under which a package tells how its pictures
// become the input of the source model: a target.Picture as JSON.
const PictureKey = "slipway.picture"

// sourceKey begins the metadata keys that hold source names.
const sourceKey = "slipway.name."

// SetSource notes in the metadata what a result is called in the source model,
// where that is not a legal name.
func (m *Model) SetSource(name, source string) {
	if name != source {
		m.Meta[sourceKey+name] = source
	}
}

// Source is what a result is called in the source model.
func (m *Model) Source(name string) string {
	if s, ok := m.Meta[sourceKey+name]; ok {
		return s
	}
	return name
}

// Feature is one input or output as Core ML's interface shows it.
type Feature struct {
	Name  string
	DType tensor.DType // Float32, Float16, Int32 or Float64
	Shape []int64
	// Ranges, where sizes vary, are the least and largest of each; Shape then is
	// the usual one.
	Ranges [][2]int64
	// Image is set where the interface takes a picture; DType and Shape then are
	// those of the tensor that the program gets: [1,C,H,W], values 0 to 255.
	Image *Image
	// Kind tells outputs that are no tensors: a Text, or Scores by text.
	Kind Kind
}

// Image is an input that takes pictures.
type Image struct {
	Color         string // RGB, BGR or GRAY
	Height, Width int64  // the usual size
	// Sizes lists the sizes, height and width, that are taken; Heights and Widths
	// give a range instead. Without either there is the usual size alone.
	Sizes           [][2]int64
	Heights, Widths *[2]int64
}

// Kind is what a value is where it is no tensor.
type Kind uint8

// The kinds of values.
const (
	Tensor Kind = iota
	Text        // as a type: a list of texts, Dims[0] of them
	Scores      // numbers by text
)

// Function is the program's only function.
type Function struct {
	Inputs  []Typed
	Opset   string // "CoreML6"
	Ops     []*Op
	Outputs []string
}

// Typed is a name with the type of what it stands for.
type Typed struct {
	Name string
	Type Type
}

// Type is a tensor's type; an unknown size is -1. Bits, where it is not 0, tells
// unsigned integers of so many bits (1, 2, 4 or 6), which bytes hold packed, the
// first in the lowest bits: DType then is Uint8 and tensors are flat. Kind tells
// values that are no tensors.
type Type struct {
	DType tensor.DType
	Dims  []int64
	Bits  int
	Kind  Kind
}

// Op is one operation. Arguments keep their order.
type Op struct {
	Type    string
	Inputs  []Arg
	Outputs []Typed
	Attrs   []Attr
}

// Arg is one named argument: the results or literals that it consists of.
type Arg struct {
	Name string
	Refs []Ref
}

// Ref is a result's name or, where Value is set, a literal.
type Ref struct {
	Name  string
	Value *Value
}

// Attr is one named literal.
type Attr struct {
	Name  string
	Value *Value
}

// Value is a literal: its elements, or, where Blob is set, the place of its
// metadata record in the file of weights.
type Value struct {
	Type   Type
	Tensor *tensor.Tensor
	Blob   bool
	Offset uint64
}

// Arg returns the named argument, nil where it is omitted.
func (o *Op) Arg(name string) []Ref {
	for _, a := range o.Inputs {
		if a.Name == name {
			return a.Refs
		}
	}
	return nil
}

// Attr returns the named attribute, nil where it is absent.
func (o *Op) Attr(name string) *Value {
	for _, a := range o.Attrs {
		if a.Name == name {
			return a.Value
		}
	}
	return nil
}

// Immediate is a literal that lies in the program itself.
func Immediate(t *tensor.Tensor) *Value {
	return &Value{Type: TypeOf(t.DType(), t.Shape()), Tensor: t}
}

// Packed is a literal of unsigned integers that lie packed in data.
func Packed(data []byte, bits int, shape []int) *Value {
	t := TypeOf(tensor.Uint8, shape)
	t.Bits = bits
	return &Value{Type: t, Tensor: tensor.Of(data, len(data))}
}

// Texts is a literal list of texts.
func Texts(list []string) *Value {
	t, _ := tensor.FromStrings([]int{len(list)}, list) // as many as the shape says
	return &Value{Type: Type{DType: tensor.String, Dims: []int64{int64(len(list))}, Kind: Text}, Tensor: t}
}

// String is a literal string.
func String(s string) *Value {
	t, _ := tensor.FromStrings([]int{}, []string{s}) // one element always fits rank 0
	return Immediate(t)
}

// TypeOf is the type of a tensor with static sizes.
func TypeOf(d tensor.DType, shape []int) Type {
	t := Type{DType: d, Dims: make([]int64, len(shape))}
	for i, n := range shape {
		t.Dims[i] = int64(n)
	}
	return t
}

// Shape is the sizes as ints and true where all are known.
func (t Type) Shape() ([]int, bool) {
	out := make([]int, len(t.Dims))
	for i, n := range t.Dims {
		if n < 0 {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}

// dataTypes are the numbers of MILSpec.DataType.
var dataTypes = map[tensor.DType]uint64{
	tensor.Bool: 1, tensor.String: 2, tensor.Float16: 10, tensor.Float32: 11, tensor.Float64: 12, tensor.BFloat16: 13,
	tensor.Int8: 21, tensor.Int16: 22, tensor.Int32: 23, tensor.Int64: 24, tensor.Int4: 25,
	tensor.Uint8: 31, tensor.Uint16: 32, tensor.Uint32: 33, tensor.Uint64: 34, tensor.Uint4: 35,
}

// packedTypes are the numbers of MILSpec.DataType for packed integers, by bits.
var packedTypes = map[int]uint64{1: 37, 2: 36, 4: 35, 6: 38}

func dataType(n uint64) (tensor.DType, int) {
	for d, k := range dataTypes {
		if k == n {
			return d, 0
		}
	}
	for bits, k := range packedTypes {
		if k == n {
			return tensor.Uint8, bits
		}
	}
	return tensor.Invalid, 0
}

// arrayTypes are the numbers of ArrayFeatureType.ArrayDataType.
var arrayTypes = map[tensor.DType]uint64{
	tensor.Float32: 65568, tensor.Float64: 65600, tensor.Int32: 131104, tensor.Float16: 65552,
}

// colors are the numbers of ImageFeatureType.ColorSpace.
var colors = map[string]uint64{"GRAY": 10, "RGB": 20, "BGR": 30}
