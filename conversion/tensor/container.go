package tensor

import (
	"fmt"
	"strings"
)

// ONNX has values that are no tensors: sequences of tensors and optional
// values. A run passes them along as a Tensor of element type Sequence or
// Optional, which holds items in the place of elements: its shape is the number
// of items, it has no bytes, and its items are tensors or, in an Optional, a
// Sequence. The types of absent items are known to the graph's values alone.

// NewSequence makes a sequence of the given items, which it keeps.
func NewSequence(items ...*Tensor) *Tensor {
	return &Tensor{dtype: Sequence, shape: []int{len(items)}, items: items}
}

// NewOptional makes an optional value: item, or nothing where item is nil.
func NewOptional(item *Tensor) *Tensor {
	if item == nil {
		return &Tensor{dtype: Optional, shape: []int{0}}
	}
	return &Tensor{dtype: Optional, shape: []int{1}, items: []*Tensor{item}}
}

// IsContainer reports whether values of type d hold tensors in the place of
// elements.
func (d DType) IsContainer() bool { return d == Sequence || d == Optional }

// Items are the tensors that a sequence or an optional value holds, nil for
// tensors. Callers must not change the list.
func (t *Tensor) Items() []*Tensor { return t.items }

func (t *Tensor) describeItems() string {
	p := make([]string, 0, len(t.items))
	for i, x := range t.items {
		if i == 4 {
			p = append(p, fmt.Sprintf("and %d more", len(t.items)-i))
			break
		}
		p = append(p, x.String())
	}
	return t.dtype.String() + "(" + strings.Join(p, ", ") + ")"
}
