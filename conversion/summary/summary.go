package summary

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/source"
	"slipway/conversion/tensor"
)

// IO is one input or output of the model.
type IO struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []Size `json:"shape"` // null where the rank is unknown
}

// Layer is one row of the per-layer table.
type Layer struct {
	Name   string `json:"layer"`
	Op     string `json:"op"`
	Output []Size `json:"output"` // shape of the first output
	DType  string `json:"dtype"`
	Params int64  `json:"params"` // elements of its constants of floating or quantized type
	MACs   int64  `json:"macs"`   // multiply-accumulates; 0 for all but convolutions and products, for one item of a dynamic batch; -1 unknown
	Attrs  string `json:"attributes"`
}

// Summary describes a model.
type Summary struct {
	Format    string         `json:"format"`
	Version   string         `json:"version"`
	Producer  string         `json:"producer"`
	Name      string         `json:"name"`
	Inputs    []IO           `json:"inputs"`
	Outputs   []IO           `json:"outputs"`
	Params    int64          `json:"parameters"`
	Bytes     int64          `json:"weight_bytes"`
	MACs      int64          `json:"macs"` // of the layers whose sizes are known
	Operators map[string]int `json:"operators"`
	Layers    []Layer        `json:"layers"`
	Findings  diag.List      `json:"findings"`
}

// Of summarises an opened model.
func Of(m *source.Model) *Summary {
	g := m.Graph
	s := &Summary{
		Format: m.Format, Version: m.Version, Producer: m.Producer, Name: g.Name,
		Inputs: []IO{}, Outputs: []IO{}, Operators: map[string]int{}, Layers: []Layer{}, Findings: m.Findings,
	}
	if s.Findings == nil {
		s.Findings = diag.List{}
	}
	for _, v := range g.Inputs {
		s.Inputs = append(s.Inputs, ioOf(v))
	}
	for _, v := range g.Outputs {
		s.Outputs = append(s.Outputs, ioOf(v))
	}
	s.constants(g, map[*tensor.Tensor]bool{})
	for _, n := range g.Nodes {
		s.Operators[n.Op]++
		s.bodies(n)
		l := LayerOf(n)
		s.MACs += max(l.MACs, 0)
		s.Layers = append(s.Layers, l)
	}
	return s
}

// constants counts the elements and bytes of g's constants and of those in its
// bodies; one that several of them read counts once.
func (s *Summary) constants(g *ir.Graph, seen map[*tensor.Tensor]bool) {
	for _, v := range g.Consts() {
		if seen[v.Const] {
			continue
		}
		seen[v.Const] = true
		s.Bytes += int64(v.Const.Size())
		if isWeight(v) {
			s.Params += int64(v.Const.Len())
		}
	}
	for _, n := range g.Nodes {
		for _, body := range n.Bodies() {
			s.constants(body, seen)
		}
	}
}

// bodies counts the operators in n's bodies.
func (s *Summary) bodies(n *ir.Node) {
	for _, body := range n.Bodies() {
		for _, m := range body.Nodes {
			s.Operators[m.Op]++
			s.bodies(m)
		}
	}
}

// LayerOf makes the row of one node.
func LayerOf(n *ir.Node) Layer {
	l := Layer{Name: n.Name, Op: n.Op, MACs: op.MACs(n), Attrs: Attributes(n)}
	if v := n.Out(0); v != nil {
		l.Output, l.DType = dims(v.Shape), v.DType.String()
	}
	for _, v := range n.Inputs {
		if v.IsConst() && isWeight(v) {
			l.Params += int64(v.Const.Len())
		}
	}
	return l
}

// isWeight tells parameters from the integers that say how to reshape.
func isWeight(v *ir.Value) bool {
	d := v.DType
	return d.IsFloat() || d == tensor.Int8 || d == tensor.Uint8 || d == tensor.Int4 || d == tensor.Uint4
}

func ioOf(v *ir.Value) IO { return IO{v.Name, v.DType.String(), dims(v.Shape)} }

// Size is one dimension in print: a number or a symbolic expression. Its JSON is
// a number where it is one.
type Size string

// MarshalJSON writes 224 and "N".
func (s Size) MarshalJSON() ([]byte, error) {
	if _, err := strconv.ParseInt(string(s), 10, 64); err == nil {
		return []byte(s), nil
	}
	return json.Marshal(string(s))
}

// Join prints a shape: "1,3,224,224".
func Join(s []Size, sep string) string {
	p := make([]string, len(s))
	for i := range s {
		p[i] = string(s[i])
	}
	return strings.Join(p, sep)
}

func dims(s ir.Shape) []Size {
	if !s.Known() {
		return nil
	}
	out := make([]Size, len(s))
	for i, d := range s {
		out[i] = Size(d.String())
	}
	return out
}

// Attributes prints n's attributes in one line: "kernel_shape=[3,3] strides=[2,2]".
func Attributes(n *ir.Node) string {
	var b strings.Builder
	for i, k := range n.Attrs.Keys() {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch v := n.Attrs[k].(type) {
		case []int64:
			fmt.Fprintf(&b, "%s=%s", k, strings.ReplaceAll(fmt.Sprint(v), " ", ","))
		case *ir.Graph:
			fmt.Fprintf(&b, "%s=graph(%d nodes)", k, len(v.Nodes))
		default:
			fmt.Fprintf(&b, "%s=%v", k, v)
		}
	}
	return b.String()
}

// Statistics describe the elements of a constant tensor.
type Statistics struct {
	Count            int
	Min, Max         float64
	Mean, Std        float64
	Zeros            int
	NaN, Inf         int
	Histogram        []int // equal bins from Min to Max
	AbsMaxPerChannel []float64
}

// Bins is the number of bins of a histogram.
const Bins = 64

// Stats computes the statistics of a numeric tensor; non-finite elements are
// counted and left out of all else. It may take a while on large tensors: call
// it off the window's goroutine.
func Stats(t *tensor.Tensor) *Statistics {
	v := t.Float32s()
	s := &Statistics{Count: len(v), Min: math.Inf(1), Max: math.Inf(-1), Histogram: make([]int, Bins)}
	var sum, sq float64
	n := 0
	for _, f := range v {
		x := float64(f)
		switch {
		case x != x:
			s.NaN++
			continue
		case math.IsInf(x, 0):
			s.Inf++
			continue
		case x == 0:
			s.Zeros++
		}
		n++
		s.Min, s.Max = math.Min(s.Min, x), math.Max(s.Max, x)
		sum, sq = sum+x, sq+x*x
	}
	if n == 0 {
		s.Min, s.Max = 0, 0
		return s
	}
	s.Mean = sum / float64(n)
	s.Std = math.Sqrt(math.Max(0, sq/float64(n)-s.Mean*s.Mean))
	width := s.Max - s.Min
	for _, f := range v {
		x := float64(f)
		if x != x || math.IsInf(x, 0) {
			continue
		}
		i := 0
		if width > 0 {
			i = min(int((x-s.Min)/width*Bins), Bins-1)
		}
		s.Histogram[i]++
	}
	if t.Rank() >= 2 {
		per := len(v) / max(t.Shape()[0], 1)
		for c := range t.Shape()[0] {
			hi := 0.0
			for _, f := range v[c*per : (c+1)*per] {
				hi = math.Max(hi, math.Abs(float64(f)))
			}
			s.AbsMaxPerChannel = append(s.AbsMaxPerChannel, hi)
		}
	}
	return s
}

// TopOperators lists operator counts, most frequent first.
func (s *Summary) TopOperators() []string {
	var ops []string
	for op := range s.Operators {
		ops = append(ops, op)
	}
	sort.Slice(ops, func(i, j int) bool {
		a, b := s.Operators[ops[i]], s.Operators[ops[j]]
		return a > b || a == b && ops[i] < ops[j]
	})
	return ops
}
