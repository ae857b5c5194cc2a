package ncnn

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	schema "slipway/conversion/schema/ncnn"
	"slipway/conversion/tensor"
)

// hintsKey is ncnn's own parameter for the sizes of a layer's blobs: for each
// the number of dimensions, then w, h and c, or w, h, d and c.
const hintsKey = 30

// layer is one line of a .param file.
type layer struct {
	kind, name string
	in, out    []string
	params     map[int]string
}

// model is what a .param file says.
type model struct {
	layers   []layer
	producer map[string]int  // blob -> layer
	read     map[string]bool // blobs that a layer reads
	places   map[string]bool // blobs of 32-bit integers
}

// Limits of what is read, far beyond any network.
const (
	maxLayers = 1 << 20
	maxLine   = 1 << 24
)

// readParam reads a .param file and checks what ncnn takes for granted: that
// there are as many layers and blobs as it says, that every blob is made once,
// before it is read, and read once.
func readParam(r io.Reader) (*model, error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	line := func() ([]string, bool) {
		for s.Scan() {
			if f := strings.Fields(s.Text()); len(f) > 0 {
				return f, true
			}
		}
		return nil, false
	}
	if f, ok := line(); !ok || len(f) != 1 || f[0] != schema.Magic {
		return nil, fmt.Errorf("this is no .param file: it does not start with %s", schema.Magic)
	}
	f, ok := line()
	if !ok || len(f) != 2 {
		return nil, fmt.Errorf("the second line has no two numbers")
	}
	layers, err1 := strconv.Atoi(f[0])
	blobs, err2 := strconv.Atoi(f[1])
	if err1 != nil || err2 != nil || layers < 1 || layers > maxLayers || blobs < 1 || blobs > 16*maxLayers {
		return nil, fmt.Errorf("it cannot have %s layers and %s blobs", f[0], f[1])
	}
	m := &model{producer: map[string]int{}, read: map[string]bool{}, places: map[string]bool{}}
	for i := range layers {
		f, ok := line()
		if !ok {
			return nil, fmt.Errorf("it ends after %d of %d layers", i, layers)
		}
		if err := m.add(f); err != nil {
			return nil, fmt.Errorf("layer %d of %d: %w", i+1, layers, err)
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	if len(m.producer) != blobs {
		return nil, fmt.Errorf("its layers make %d blobs, it says %d", len(m.producer), blobs)
	}
	m.findPlaces()
	return m, nil
}

// add reads the fields of one layer.
func (m *model) add(f []string) error {
	if len(f) < 4 {
		return fmt.Errorf("%d fields are too few", len(f))
	}
	ins, err1 := strconv.Atoi(f[2])
	outs, err2 := strconv.Atoi(f[3])
	if err1 != nil || err2 != nil || ins < 0 || outs < 0 || ins+outs > len(f)-4 {
		return fmt.Errorf("%s %s cannot have %s inputs and %s outputs", f[0], f[1], f[2], f[3])
	}
	l := layer{kind: f[0], name: f[1], in: f[4 : 4+ins], out: f[4+ins : 4+ins+outs], params: map[int]string{}}
	for _, b := range l.in {
		if _, ok := m.producer[b]; !ok {
			return fmt.Errorf("%s reads blob %s, which no layer before it makes", l.name, b)
		}
		if m.read[b] {
			return fmt.Errorf("%s reads blob %s, which another layer reads: a Split has to stand between", l.name, b)
		}
		m.read[b] = true
	}
	for _, b := range l.out {
		if _, ok := m.producer[b]; ok {
			return fmt.Errorf("%s makes blob %s, which there is already", l.name, b)
		}
		m.producer[b] = len(m.layers)
	}
	for _, p := range f[4+ins+outs:] {
		key, value, ok := strings.Cut(p, "=")
		id, err := strconv.Atoi(key)
		if !ok || err != nil || value == "" {
			return fmt.Errorf("%s has a parameter %q", l.name, p)
		}
		if id <= -23300 { // an array, which its length opens
			id = -23300 - id
			if _, value, ok = strings.Cut(value, ","); !ok {
				value = ""
			}
		}
		l.params[id] = value
	}
	m.layers = append(m.layers, l)
	return nil
}

// findPlaces marks the blobs of 32-bit integers: those that a table is looked up
// by, up to reshaping.
func (m *model) findPlaces() {
	for i := len(m.layers) - 1; i >= 0; i-- {
		l := m.layers[i]
		mark := l.kind == "Embed"
		if l.kind == "Reshape" || l.kind == "Split" {
			for _, b := range l.out {
				mark = mark || m.places[b]
			}
		}
		for _, b := range l.in {
			m.places[b] = m.places[b] || mark
		}
	}
	for _, l := range m.layers {
		if (l.kind == "Reshape" || l.kind == "Split") && m.places[l.in0()] {
			for _, b := range l.out {
				m.places[b] = true
			}
		}
	}
}

func (l *layer) in0() string {
	if len(l.in) == 0 {
		return ""
	}
	return l.in[0]
}

func (m *model) dtype(blob string) tensor.DType {
	if m.places[blob] {
		return tensor.Int32
	}
	return tensor.Float32
}

// ints are the elements of an array parameter; nil where there is none.
func (l *layer) ints(id int) []int {
	var out []int
	for _, s := range strings.Split(l.params[id], ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil
		}
		out = append(out, n)
	}
	return out
}

func (l *layer) int(id int) int {
	n, err := strconv.Atoi(l.params[id])
	if err != nil {
		return 0
	}
	return n
}

// given is the shape that this program noted for a layer's blob at index.
func (l *layer) given(index int) ([]int, bool) {
	v := l.ints(schema.ShapesKey)
	for k := 0; len(v) > 0; k++ {
		rank := v[0]
		if v = v[1:]; rank < 0 {
			if k == index {
				return nil, false
			}
			continue
		}
		if rank > len(v) {
			return nil, false
		}
		if k == index {
			for _, d := range v[:rank] {
				if d < 1 {
					return nil, false
				}
			}
			return v[:rank:rank], true
		}
		v = v[rank:]
	}
	return nil, false
}

// hint are the sizes that ncnn's own parameter gives a layer's blob, outermost
// first; nil where it does not.
func (l *layer) hint(index int) []int {
	v := l.ints(hintsKey)
	if len(l.out) == 0 || len(v)%len(l.out) != 0 {
		return nil
	}
	each := len(v) / len(l.out)
	if each < 4 {
		return nil
	}
	v = v[index*each : (index+1)*each]
	switch {
	case v[0] == 1:
		v = v[1:2]
	case v[0] == 2:
		v = []int{v[2], v[1]}
	case v[0] == 3:
		v = []int{v[each-1], v[2], v[1]}
	case v[0] == 4 && each == 5:
		v = []int{v[4], v[3], v[2], v[1]}
	default:
		return nil
	}
	for _, d := range v {
		if d < 1 {
			return nil
		}
	}
	return v
}

// sizes are those that an Input layer states, outermost first; nil where it
// states none.
func (l *layer) sizes() []int {
	var out []int
	for _, id := range []int{2, 11, 1, 0} { // c, d, h, w
		n := l.int(id)
		if n < 0 {
			return nil
		}
		if n > 0 || len(out) > 0 && id != 11 {
			out = append(out, n)
		}
	}
	for _, d := range out {
		if d == 0 {
			return nil
		}
	}
	return out
}
