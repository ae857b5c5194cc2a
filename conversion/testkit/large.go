package testkit

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// LargeWidth is the number of elements between two layers of a Large model.
const LargeWidth = 8192

// Large writes dir/large.onnx, a network of a convolution and of as many
// matrices of 256 MB as make up at least size bytes, with its weights in
// large.onnx.data. That file has holes: of every matrix a few elements are not
// zero, so that it takes little room on the disk. The input x is [1,64,8,8], the
// output y [1,10], both float32. The test is skipped where the file system has
// no holes or too little room.
func Large(t testing.TB, dir string, size int64) string {
	t.Helper()
	l := &large{rng: rand.New(rand.NewPCG(8, 8))}
	f, err := os.Create(filepath.Join(dir, "large.onnx.data"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l.file = f
	const n = LargeWidth
	x := l.node("Conv", "conv", []string{"x", l.weight("conv.w", 512, 64, 3, 3), l.bias("conv.b", 512)}, attr("pads", 1, 1, 1, 1))
	x = l.node("Relu", "relu", []string{x})
	x = l.node("GlobalAveragePool", "pool", []string{x})
	x = l.node("Flatten", "flat", []string{x})
	x = l.node("MatMul", "widen", []string{x, l.weight("widen.w", 512, n)})
	for i := 0; l.at < size; i++ {
		name := fmt.Sprintf("layer%d", i)
		w := l.weight(name+".w", n, n)
		if i%2 == 0 {
			x = l.node("Gemm", name, []string{x, w, l.bias(name+".b", n)}, attr1("transB", 1))
		} else {
			x = l.node("MatMul", name, []string{x, w})
		}
		x = l.node("Relu", name+".relu", []string{x})
	}
	l.node("Gemm", "y", []string{x, l.weight("head.w", 10, n)}, attr1("transB", 1))
	if l.err == nil {
		l.err = f.Truncate(l.at)
	}
	if l.err != nil {
		t.Skipf("a file of %d bytes cannot be made here: %v", l.at, l.err)
	}
	g := append(l.graph, field(2, []byte("large"))...)
	g = append(g, field(11, info("x", 1, 64, 8, 8))...)
	g = append(g, field(12, info("y", 1, 10))...)
	m := number(1, 8)
	m = append(m, field(7, g)...)
	m = append(m, field(8, append(field(1, nil), number(2, 17)...))...)
	path := filepath.Join(dir, "large.onnx")
	if err := os.WriteFile(path, m, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// large collects a GraphProto (onnx.proto) and its side file.
type large struct {
	rng   *rand.Rand
	file  *os.File
	at    int64
	graph []byte
	err   error
}

func field(n protowire.Number, b []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), b)
}

func number(n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
}

func attr(name string, v ...uint64) []byte {
	b := append(field(1, []byte(name)), number(20, 7)...)
	for _, x := range v {
		b = append(b, number(8, x)...)
	}
	return b
}

func attr1(name string, v uint64) []byte {
	return append(append(field(1, []byte(name)), number(20, 2)...), number(3, v)...)
}

func info(name string, dims ...uint64) []byte {
	var shape []byte
	for _, d := range dims {
		shape = append(shape, field(1, number(1, d))...)
	}
	return append(field(1, []byte(name)), field(2, field(1, append(number(1, 1), field(2, shape)...)))...)
}

func (l *large) node(op, out string, in []string, attrs ...[]byte) string {
	var b []byte
	for _, s := range in {
		b = append(b, field(1, []byte(s))...)
	}
	b = append(append(append(b, field(2, []byte(out))...), field(3, []byte(out))...), field(4, []byte(op))...)
	for _, a := range attrs {
		b = append(b, field(5, a)...)
	}
	l.graph = append(l.graph, field(1, b)...)
	return out
}

func (l *large) tensor(name string, dims ...uint64) (at, elements int64) {
	var b []byte
	elements = 1
	for _, d := range dims {
		b = append(b, number(1, d)...)
		elements *= int64(d)
	}
	at = (l.at + 4095) / 4096 * 4096
	b = append(append(b, number(2, 1)...), field(8, []byte(name))...)
	for _, kv := range [][2]string{{"location", "large.onnx.data"}, {"offset", fmt.Sprint(at)}, {"length", fmt.Sprint(4 * elements)}} {
		b = append(b, field(13, append(field(1, []byte(kv[0])), field(2, []byte(kv[1]))...))...)
	}
	l.graph = append(l.graph, field(5, append(b, number(14, 1)...))...)
	l.at = at + 4*elements
	return at, elements
}

func (l *large) put(at int64, v []float32) {
	b := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x))
	}
	if _, err := l.file.WriteAt(b, at); err != nil && l.err == nil {
		l.err = err
	}
}

func (l *large) bias(name string, n uint64) string {
	at, _ := l.tensor(name, n)
	v := make([]float32, n)
	for i := range v {
		v[i] = l.rng.Float32() - 0.4
	}
	l.put(at, v)
	return name
}

// weight has 256 elements that are not zero, far apart.
func (l *large) weight(name string, dims ...uint64) string {
	at, n := l.tensor(name, dims...)
	for i := range int64(256) {
		l.put(at+4*(i*(n/256)+l.rng.Int64N(n/256)), []float32{2*l.rng.Float32() - 0.5})
	}
	return name
}
