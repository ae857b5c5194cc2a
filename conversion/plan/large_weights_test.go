//go:build linux

package plan_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"slipway/conversion/filemap"
	opsall "slipway/conversion/ops/all"
	fb "slipway/conversion/schema/tflite"
	"slipway/conversion/source"
	sourceall "slipway/conversion/source/all"
)

// blob is a constant of 32-bit floats as a file holds it.
type blob struct {
	name string
	dims []int // nil: not told by the file
	data []byte
}

// element is one that is not zero.
type element struct {
	at   int64
	bits uint32
}

// elementsOf reads b piece by piece and gives the memory back.
func (b blob) elementsOf() []element {
	var out []element
	const piece = 8 << 20
	for at := 0; at < len(b.data); at += piece {
		p := b.data[at:min(at+piece, len(b.data))]
		for i := 0; i+4 <= len(p); i += 4 {
			if i+8 <= len(p) && i%8 == 0 && binary.LittleEndian.Uint64(p[i:]) == 0 {
				i += 4
				continue
			}
			if x := binary.LittleEndian.Uint32(p[i:]); x != 0 {
				out = append(out, element{int64(at+i) / 4, x})
			}
		}
		filemap.Release(p)
	}
	return out
}

// weighed is a constant with what of it is not zero.
type weighed struct {
	blob
	elements []element
}

func weigh(list []blob) []*weighed {
	var out []*weighed
	for _, b := range list {
		out = append(out, &weighed{b, b.elementsOf()})
	}
	return out
}

// mapped maps a file for the time of the test.
func mapped(t *testing.T, path string) []byte {
	t.Helper()
	f, err := filemap.Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f.Bytes()
}

// sameWeights finds each weight of the source in the artefact, element by
// element at its place, up to the order of the axes that a format has for it;
// none serves twice.
func sameWeights(t *testing.T, weights []*weighed, artefact, target string) {
	t.Helper()
	read := map[string]func(*testing.T, string) []blob{
		"onnx": graphBlobs, "tensorrt": graphBlobs, "coreml": graphBlobs, "tflite": tfliteBlobs, "openvino": irBlobs, "ncnn": ncnnBlobs,
	}[target]
	have, total := weigh(read(t, artefact)), 0
	for _, w := range weights {
		total += len(w.data)
		want := w.elements
		i := slices.IndexFunc(have, func(h *weighed) bool {
			return h != nil && len(h.data) == len(w.data) && len(h.elements) == len(want) && placed(want, h.elements, w.dims)
		})
		if i < 0 {
			t.Errorf("weight %q of %v: no constant of the artefact has its %d elements at their places", w.name, w.dims, len(want))
			continue
		}
		have[i] = nil
	}
	t.Logf("%d weights of %d MB are the same, element by element", len(weights), total>>20)
}

// placed reports whether have is want with the axes in some order.
func placed(want, have []element, dims []int) bool {
	for _, perm := range orders(len(dims)) {
		moved := make([]element, len(want))
		for i, e := range want {
			moved[i] = element{to(e.at, dims, perm), e.bits}
		}
		sort.Slice(moved, func(i, j int) bool { return moved[i].at < moved[j].at })
		if slices.Equal(moved, have) {
			return true
		}
	}
	return false
}

// to is the place of element at of a tensor of dims after a transposition.
func to(at int64, dims, perm []int) int64 {
	index := make([]int64, len(dims))
	for a := len(dims) - 1; a >= 0; a-- {
		index[a] = at % int64(dims[a])
		at /= int64(dims[a])
	}
	out := int64(0)
	for _, a := range perm {
		out = out*int64(dims[a]) + index[a]
	}
	return out
}

// orders lists the permutations of n axes, the identity first.
func orders(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var out [][]int
	for _, p := range orders(n - 1) {
		for at := n - 1; at >= 0; at-- {
			out = append(out, slices.Insert(slices.Clone(p), at, n-1))
		}
	}
	return out
}

// graphBlobs reads what the studio itself opens as a model.
func graphBlobs(t *testing.T, path string) []blob {
	t.Helper()
	m, err := sourceall.Open(context.Background(), path, source.Options{Registry: opsall.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	var out []blob
	for _, v := range m.Graph.Values() {
		if v.IsConst() && v.Const.DType().IsFloat() {
			out = append(out, blob{v.Name, v.Const.Shape(), v.Const.Bytes()})
		}
	}
	return out
}

func tfliteBlobs(t *testing.T, path string) []blob {
	t.Helper()
	m, _, err := fb.Decode(mapped(t, path))
	if err != nil {
		t.Fatal(err)
	}
	var out []blob
	for _, x := range m.Tensors {
		if x.Buffer != 0 && x.Type == fb.Float32 {
			out = append(out, blob{name: x.Name, data: m.Buffers[x.Buffer].Data})
		}
	}
	return out
}

// irBlobs reads an OpenVINO IR: Const layers tell where in the .bin they lie.
func irBlobs(t *testing.T, path string) []blob {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var ir struct {
		Layers []struct {
			Name string `xml:"name,attr"`
			Type string `xml:"type,attr"`
			Data struct {
				Element string `xml:"element_type,attr"`
				Offset  int64  `xml:"offset,attr"`
				Size    int64  `xml:"size,attr"`
			} `xml:"data"`
		} `xml:"layers>layer"`
	}
	if err := xml.Unmarshal(text, &ir); err != nil {
		t.Fatal(err)
	}
	data := mapped(t, strings.TrimSuffix(path, ".xml")+".bin")
	var out []blob
	for _, l := range ir.Layers {
		if l.Type == "Const" && l.Data.Element == "f32" {
			out = append(out, blob{name: l.Name, data: data[l.Data.Offset : l.Data.Offset+l.Data.Size]})
		}
	}
	return out
}

// ncnnBlobs reads a .bin in the order of the .param's layers: of a product a
// word that says 32 bits, the weights and the bias.
func ncnnBlobs(t *testing.T, path string) []blob {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data, at := mapped(t, strings.TrimSuffix(path, ".param")+".bin"), 0
	take := func(name string, n int) blob {
		b := blob{name: name, data: data[at : at+4*n]}
		at += 4 * n
		return b
	}
	var out []blob
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "InnerProduct" && f[0] != "Convolution" {
			continue
		}
		number := map[string]int{}
		for _, s := range f[4:] {
			if k, v, ok := strings.Cut(s, "="); ok {
				number[k], _ = strconv.Atoi(v)
			}
		}
		bias, size := number["1"], number["2"]
		if f[0] == "Convolution" {
			bias, size = number["5"], number["6"]
		}
		if flag := take("", 1); !bytes.Equal(flag.data, []byte{0, 0, 0, 0}) {
			t.Fatalf("%s: weights of kind %x", f[1], flag.data)
		}
		out = append(out, take(f[1], size))
		if bias == 1 {
			out = append(out, take(f[1]+" bias", number["0"]))
		}
	}
	if at != len(data) {
		t.Errorf("the layers of %s take %d bytes, its .bin has %d", filepath.Base(path), at, len(data))
	}
	return out
}

// An element at another place is another weight; one in another order of axes is
// not.
func TestPlaced(t *testing.T) {
	dims := []int{2, 3, 4}
	want := []element{{1, 7}, {13, 8}, {22, 9}}
	var moved []element
	for _, e := range want {
		moved = append(moved, element{to(e.at, dims, []int{2, 0, 1}), e.bits})
	}
	sort.Slice(moved, func(i, j int) bool { return moved[i].at < moved[j].at })
	if !placed(want, want, dims) || !placed(want, moved, dims) {
		t.Error("a transposed tensor is not seen")
	}
	moved[1].at++
	if placed(want, moved, dims) {
		t.Error("an element moved unseen")
	}
	if n := len(orders(4)); n != 24 || !slices.Equal(orders(4)[0], []int{0, 1, 2, 3}) {
		t.Errorf("%d orders of four axes, the first %v", n, orders(4)[0])
	}
}

// artefactIn is the file, or folder, that an artefact in dir is opened by.
func artefactIn(t *testing.T, dir, target string) string {
	t.Helper()
	ext := map[string]string{"onnx": ".onnx", "tensorrt": ".onnx", "openvino": ".xml", "tflite": ".tflite", "coreml": ".mlpackage", "ncnn": ".param"}[target]
	var found []string
	_ = filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		if err == nil && filepath.Ext(p) == ext {
			found = append(found, p)
		}
		return err
	})
	if len(found) != 1 {
		t.Fatalf("%d files *%s in %s: %v", len(found), ext, dir, found)
	}
	return found[0]
}
