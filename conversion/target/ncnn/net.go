package ncnn

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"

	"slipway/conversion/ir"
	schema "slipway/conversion/schema/ncnn"
	"slipway/conversion/tensor"
)

// Tags of a weight blob that say how its data are stored (ncnn, modelbin).
const (
	tagFloat32 = 0
	tagFloat16 = 0x01306B47
	tagInt8    = 0x000D4B38
)

// blob is one tensor between layers; dims are outermost first, without batch.
type blob struct {
	name string
	dims []int
	from *layer
}

// layer is one line of the .param file with its weights.
type layer struct {
	typ, name string
	in, out   []*blob
	params    []param
	data      []chunk
	origin    []string
}

type param struct {
	id   int
	text string
}

func num(id int, v int) param { return param{id, strconv.Itoa(v)} }

func flt(id int, v float64) param { return param{id, float(v)} }

// float always holds an exponent: that is how the reader tells floats from ints.
func float(v float64) string {
	v = min(max(v, -math.MaxFloat32), math.MaxFloat32)
	return strconv.FormatFloat(v, 'e', -1, 32)
}

// arrays are written under the key -23300-id.
func ints(id int, v []int) param {
	parts := []string{strconv.Itoa(len(v))}
	for _, x := range v {
		parts = append(parts, strconv.Itoa(x))
	}
	return param{-23300 - id, strings.Join(parts, ",")}
}

func floats(id int, v ...float64) param {
	parts := []string{strconv.Itoa(len(v))}
	for _, x := range v {
		parts = append(parts, float(x))
	}
	return param{-23300 - id, strings.Join(parts, ",")}
}

// chunk is one piece of the .bin file: with a tag, or raw 32-bit floats.
type chunk struct {
	tagged bool
	tag    uint32
	write  func(io.Writer) (int64, error)
}

func raw(v func() []float32) chunk {
	return chunk{write: func(w io.Writer) (int64, error) { x := v(); return tensor.Of(x, len(x)).WriteTo(w) }}
}

func rawOf(v []float32) chunk { return raw(func() []float32 { return v }) }

// net is what is written.
type net struct {
	layers []*layer
	taken  map[string]bool
}

// shapes notes the shapes of a layer's blobs; nil is that of no input or output.
func shapes(each ...[]int) param {
	var v []int
	for _, d := range each {
		if d == nil {
			v = append(v, -1)
			continue
		}
		v = append(append(v, len(d)), d...)
	}
	return ints(schema.ShapesKey, v)
}

// note notes the outputs' shapes at the layers that give them, once these bear
// their final names.
func (n *net) note(outputs []*ir.Value) {
	final := map[string][]int{}
	for k, v := range outputs {
		final["out"+strconv.Itoa(k)] = append([]int{}, full(v)...)
	}
	for _, l := range n.layers {
		each, some := make([][]int, len(l.out)), false
		for k, b := range l.out {
			each[k] = final[b.name]
			some = some || each[k] != nil
		}
		if some {
			l.params = append(l.params, shapes(each...))
		}
	}
}

// unique makes a name that the text form can hold: no spaces, not too long.
func (n *net) unique(kind, name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, name)
	if name == "" {
		name = "_"
	}
	name = name[:min(len(name), 200)]
	try := name
	for k := 1; n.taken[kind+try]; k++ {
		try = name + "_" + strconv.Itoa(k)
	}
	n.taken[kind+try] = true
	return try
}

// split gives every blob that is read more than once, or read and also a result,
// a Split layer behind its producer; results get the names out0, out1 …
func (n *net) split(results []*blob) {
	readers := map[*blob][]**blob{}
	for _, l := range n.layers {
		for k, b := range l.in {
			readers[b] = append(readers[b], &l.in[k])
		}
	}
	wanted := map[*blob][]int{}
	for k, b := range results {
		wanted[b] = append(wanted[b], k)
	}
	var out []*layer
	for _, l := range n.layers {
		out = append(out, l)
		for _, b := range l.out {
			rs, ks := readers[b], wanted[b]
			if len(rs) == 0 && len(ks) == 1 && l.typ != "Input" {
				b.name = "out" + strconv.Itoa(ks[0])
				continue
			}
			if len(rs)+len(ks) < 2 && len(ks) == 0 {
				continue
			}
			s := &layer{typ: "Split", name: n.unique("l:", "splitncnn_"+b.name), in: []*blob{b}, origin: l.origin}
			for _, k := range ks {
				s.out = append(s.out, &blob{name: "out" + strconv.Itoa(k), dims: b.dims, from: s})
			}
			for k, r := range rs {
				c := &blob{name: n.unique("b:", b.name+"_splitncnn_"+strconv.Itoa(k)), dims: b.dims, from: s}
				s.out = append(s.out, c)
				*r = c
			}
			out = append(out, s)
		}
	}
	n.layers = out
}

func (n *net) writeParam(out io.Writer) error {
	blobs := 0
	for _, l := range n.layers {
		blobs += len(l.out)
	}
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s\n%d %d\n", schema.Magic, len(n.layers), blobs)
	for _, l := range n.layers {
		fmt.Fprintf(w, "%-24s %-24s %d %d", l.typ, l.name, len(l.in), len(l.out))
		for _, b := range l.in {
			fmt.Fprintf(w, " %s", b.name)
		}
		for _, b := range l.out {
			fmt.Fprintf(w, " %s", b.name)
		}
		for _, p := range l.params {
			fmt.Fprintf(w, " %d=%s", p.id, p.text)
		}
		fmt.Fprintln(w)
	}
	return w.Flush() // a bufio.Writer keeps its first error
}

func (n *net) writeBin(ctx context.Context, out io.Writer) error {
	w := bufio.NewWriterSize(out, 1<<20)
	for _, l := range n.layers {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, c := range l.data {
			if c.tagged {
				w.Write(binary.LittleEndian.AppendUint32(nil, c.tag))
			}
			n, err := c.write(w)
			if err != nil {
				return err
			}
			w.Write(make([]byte, (4-n%4)%4))
		}
	}
	return w.Flush()
}
