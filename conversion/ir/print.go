package ir

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"slipway/conversion/tensor"
)

// The text form, one statement a line:
//
//	graph main {
//	  meta producer = "pytorch 2.1"
//	  input %x : f32[N,3,8,8]
//	  const %w : f32[4,3,1,1] = noise(1)
//	  %y : f32[N,4,8,8] = Conv(%x, %w, _) {group=1, pads=[0,0,0,0]} @conv1 from conv1, bn1 by fuse_batch_norm
//	  output %y
//	}
//
// Names that are not plain are quoted. "_" is an omitted input or output. A node
// without "from" comes from the source layer of its own name. A sequence of
// tensors is seq<f32[2,3]>[4], an optional value optional<f32[]>[?].

// Elements of a constant that is printed as a list; larger ones are printed as
// splat(value), noise(seed) or hex bytes.
const listedElements = 64

// PrintOptions say how much to print.
type PrintOptions struct {
	// Elide leaves out the bytes of constants larger than so many bytes; 0 keeps
	// all. A text with elided constants cannot be parsed.
	Elide int
}

// Text is the graph's text form, which Parse reads back.
func Text(g *Graph) string {
	var b strings.Builder
	_ = Print(&b, g, PrintOptions{}) // a Builder does not fail
	return b.String()
}

// Print writes the graph's text form.
func Print(w io.Writer, g *Graph, o PrintOptions) error {
	p := &printer{o: o}
	p.graph(g, "")
	p.b.WriteByte('\n')
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	b strings.Builder
	o PrintOptions
}

func (p *printer) f(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

func (p *printer) graph(g *Graph, indent string) {
	p.f("graph %s {\n", word(g.Name))
	in := indent + "  "
	for _, k := range slices.Sorted(maps.Keys(g.Meta)) {
		p.f("%smeta %s = %s\n", in, word(k), strconv.Quote(g.Meta[k]))
	}
	for _, v := range g.Inputs {
		p.f("%sinput %s\n", in, typed(v))
	}
	for _, v := range g.Consts() {
		p.f("%sconst %%%s : ", in, word(v.Name))
		p.tensor(v.Const)
		p.b.WriteByte('\n')
	}
	for _, n := range g.Nodes {
		p.b.WriteString(in)
		p.node(n, in)
	}
	for _, v := range g.Outputs {
		p.f("%soutput %%%s\n", in, word(v.Name))
	}
	p.f("%s}", indent)
}

func (p *printer) node(n *Node, indent string) {
	out := make([]string, len(n.Outputs))
	for i, v := range n.Outputs {
		out[i] = "_"
		if v != nil {
			out[i] = typed(v)
		}
	}
	in := make([]string, len(n.Inputs))
	for i, v := range n.Inputs {
		in[i] = "_"
		if v != nil {
			in[i] = "%" + word(v.Name)
		}
	}
	p.f("%s = %s(%s)", strings.Join(out, ", "), word(n.Op), strings.Join(in, ", "))
	if len(n.Attrs) > 0 {
		p.b.WriteString(" {")
		for i, k := range n.Attrs.Keys() {
			if i > 0 {
				p.b.WriteString(", ")
			}
			p.f("%s=", word(k))
			p.attr(n.Attrs[k], indent)
		}
		p.b.WriteString("}")
	}
	p.f(" @%s", word(n.Name))
	switch {
	case len(n.Origin) == 0:
		p.b.WriteString(" from none")
	case !slices.Equal(n.Origin, []string{n.Name}):
		p.f(" from %s", words(n.Origin))
	}
	if n.By != "" {
		p.f(" by %s", word(n.By))
	}
	p.b.WriteByte('\n')
}

func (p *printer) attr(v any, indent string) {
	switch x := v.(type) {
	case int64:
		p.f("%d", x)
	case float64:
		p.b.WriteString(float(x, 64))
	case string:
		p.b.WriteString(strconv.Quote(x))
	case []int64:
		p.list("ints", len(x), func(i int) string { return strconv.FormatInt(x[i], 10) })
	case []float64:
		p.list("floats", len(x), func(i int) string { return float(x[i], 64) })
	case []string:
		p.list("strings", len(x), func(i int) string { return strconv.Quote(x[i]) })
	case *tensor.Tensor:
		p.b.WriteString("tensor ")
		p.tensor(x)
	case *Type:
		p.f("type %v", x)
	case *Graph:
		p.graph(x, indent)
	case []*Graph:
		p.b.WriteString("graphs[")
		for i, g := range x {
			if i > 0 {
				p.b.WriteString(", ")
			}
			p.graph(g, indent)
		}
		p.b.WriteString("]")
	default:
		p.f("!%T", v) // no such attribute exists; Parse refuses it
	}
}

// list prints [a,b]; an empty one says of what.
func (p *printer) list(kind string, n int, elem func(int) string) {
	if n == 0 {
		p.b.WriteString(kind + "[]")
		return
	}
	p.b.WriteByte('[')
	for i := range n {
		if i > 0 {
			p.b.WriteByte(',')
		}
		p.b.WriteString(elem(i))
	}
	p.b.WriteByte(']')
}

func (p *printer) tensor(t *tensor.Tensor) {
	p.f("%v%v = ", t.DType(), Dims(t.Shape()...))
	n := t.Len()
	if t.DType() == tensor.String {
		p.list("strings", n, func(i int) string { return strconv.Quote(t.Strings()[i]) })
		return
	}
	elem := elements(t)
	switch {
	case n == 0:
		p.b.WriteString("[]")
	case elem != nil && n <= listedElements:
		p.list("", n, elem)
	case elem != nil && splat(t):
		p.f("splat(%s)", elem(0))
	case noiseSeed(t) >= 0:
		p.f("noise(%d)", noiseSeed(t))
	case p.o.Elide > 0 && len(t.Bytes()) > p.o.Elide:
		h := fnv.New64a()
		h.Write(t.Bytes())
		p.f("elided(%016x)", h.Sum64())
	default:
		p.f("hex(%s)", hex.EncodeToString(t.Bytes()))
	}
}

// elements gives each element's text, nil where text would lose bits.
func elements(t *tensor.Tensor) func(int) string {
	switch d := t.DType(); {
	case d.Bits() > 64 || d == tensor.Uint64 || padded(t):
		return nil
	case d.IsFloat():
		v := t.Float64s()
		bits := 32
		if d == tensor.Float64 {
			bits = 64
		}
		if slices.ContainsFunc(v, math.IsNaN) {
			return nil // its payload has no text
		}
		return func(i int) string { return float(v[i], bits) }
	case d == tensor.Bool:
		b := t.Bytes()
		if slices.ContainsFunc(b, func(x byte) bool { return x > 1 }) {
			return nil
		}
		return func(i int) string { return strconv.FormatBool(b[i] == 1) }
	default:
		v, err := t.Int64s()
		if err != nil {
			return nil
		}
		return func(i int) string { return strconv.FormatInt(v[i], 10) }
	}
}

// padded reports whether the last byte of packed elements has bits set that
// belong to none.
func padded(t *tensor.Tensor) bool {
	b, used := t.Bytes(), t.Len()*t.DType().Bits()%8
	return used > 0 && b[len(b)-1]>>used != 0
}

func splat(t *tensor.Tensor) bool {
	b, w := t.Bytes(), t.DType().Bits()/8
	if w == 0 {
		return false
	}
	for i := w; i < len(b); i += w {
		if string(b[i:i+w]) != string(b[:w]) {
			return false
		}
	}
	return true
}

// float prints the shortest text that reads back the same, always telling it
// from an integer.
func float(v float64, bits int) string {
	switch {
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	case math.IsNaN(v):
		return "nan"
	}
	s := strconv.FormatFloat(v, 'g', -1, bits)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func typed(v *Value) string {
	s := v.Type().String()
	if len(v.Layers) > 0 {
		s += " holds " + strings.ReplaceAll(words(v.Layers), ", ", "+")
	}
	return "%" + word(v.Name) + " : " + s
}

func words(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = word(s)
	}
	return strings.Join(out, ", ")
}

// word quotes a name unless it is plain.
func word(s string) string {
	if s == "" || s == "_" || s == "none" {
		return strconv.Quote(s)
	}
	for _, r := range s {
		if !plain(r) {
			return strconv.Quote(s)
		}
	}
	return s
}

func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '/' || r == ':' || r == '-'
}
