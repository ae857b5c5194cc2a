package tflite

import "io"

// Model is one file with one subgraph. It is a plain description: Encode checks
// indices and writes it.
type Model struct {
	Description string
	Tensors     []Tensor
	Operators   []Operator
	Inputs      []int // tensor indices
	Outputs     []int
	Name        string   // the subgraph's
	Buffers     []Buffer // Buffers[0] must be empty
	Metadata    []Metadata
	Signature   *Signature
}

// Tensor is one tensor of the subgraph.
type Tensor struct {
	Name   string
	Type   TensorType
	Shape  []int32 // -1 for a dimension that is not known before run time
	Buffer int     // 0 for all but constants
	Quant  *Quant
}

// Quant are a tensor's quantization parameters: real = scale*(q - zero). One
// entry a tensor, or one for each index of dimension Dim.
type Quant struct {
	Scale []float32
	Zero  []int64
	Dim   int32
}

// Operator is one operation. Inputs and outputs are tensor indices, -1 for an
// omitted optional input.
type Operator struct {
	Code    Code
	Version int32
	Inputs  []int
	Outputs []int
	Options Options // nil where the operator has none
}

// Buffer is the content of a constant. Either Data is set, or Size and Stream,
// which writes exactly Size bytes each time it is called.
type Buffer struct {
	Data    []byte
	Release func([]byte) // takes pieces of Data back once they are written; nil: nobody does
	Size    int64
	Stream  func(io.Writer) error
}

func (b *Buffer) size() int64 {
	if b.Stream != nil {
		return b.Size
	}
	return int64(len(b.Data))
}

// Metadata is a named buffer.
type Metadata struct {
	Name   string
	Buffer int
}

// Signature names the inputs and outputs.
type Signature struct {
	Key             string
	Inputs, Outputs []TensorName
}

// TensorName gives a tensor its name in a signature.
type TensorName struct {
	Name   string
	Tensor int
}
