package onnxfile

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// document is a model ready to be streamed: small messages as bytes, weights as
// references.
type document struct {
	opset   int
	ml      int    // the version of the domain of classical models, 0 for none
	before  []byte // of the graph, ahead of the weights
	weights []*weight
	after   []byte
	header  []byte // of the model, ahead of the graph
	trailer []byte
	layers  map[string][]string
	taps    map[string]string
}

type weight struct {
	t      *tensor.Tensor
	head   []byte // the TensorProto up to its data
	inline bool
	offset int64 // in the side file, where not inline
}

// size is the length of the TensorProto.
func (w *weight) size() int {
	if !w.inline || w.t.DType() == tensor.String {
		return len(w.head)
	}
	return len(w.head) + protowire.SizeTag(9) + protowire.SizeBytes(w.t.Size())
}

// frame makes what surrounds the graph.
func (d *document) frame(g *ir.Graph) {
	h := appendInt(nil, 1, int64(irVersion(d.opset)))
	h = appendString(h, 2, "slipway")
	if v := g.Meta["domain"]; v != "" {
		h = appendString(h, 4, v)
	}
	if v, err := strconv.ParseInt(g.Meta["model_version"], 10, 64); err == nil {
		h = appendInt(h, 5, v)
	}
	if v := g.Meta["doc"]; v != "" {
		h = appendString(h, 6, v)
	}
	d.header = h
	t := appendBytes(nil, 8, appendInt(appendString(nil, 1, ""), 2, int64(d.opset)))
	if d.ml > 0 {
		t = appendBytes(t, 8, appendInt(appendString(nil, 1, mlDomain), 2, int64(d.ml)))
	}
	for _, k := range ir.Attrs(anyMap(g.Meta)).Keys() {
		if name, ok := strings.CutPrefix(k, ir.MetaPrefix); ok {
			t = appendBytes(t, 14, pair(name, g.Meta[k]))
		}
	}
	if p := g.Meta["producer"]; p != "" {
		t = appendBytes(t, 14, pair("slipway.source_producer", p))
	}
	d.trailer = t
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// The domain of classical models, the prefix of its operators' names here, and the
// version whose forms are written.
const (
	mlDomain = "ai.onnx.ml"
	mlPrefix = mlDomain + "."
	mlOpset  = 5
)

// mlRetired are the versions to write for operators that the newest one lacks.
var mlRetired = map[string]int{mlPrefix + "TreeEnsembleRegressor": 4}

// irVersion is the file format version that goes with an operator set.
func irVersion(opset int) int {
	switch {
	case opset >= 25:
		return 13
	case opset >= 24:
		return 12
	case opset >= 23:
		return 11
	case opset >= 21:
		return 10
	case opset >= 19:
		return 9
	}
	return 8
}
