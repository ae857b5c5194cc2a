package ncnn

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit/reference"
)

// rowsNet multiplies rows with constants: a MatMul with a row added behind it,
// one without, and a Gemm of transposed weights; the first has weights whose
// columns differ in size.
func rowsNet(t *testing.T, rows int) *ir.Graph {
	t.Helper()
	g := ir.New("rows")
	noise := func(name string, seed uint64, dims ...int) *ir.Value {
		x, err := ir.Noise(tensor.Float32, seed, dims...)
		if err != nil {
			t.Fatal(err)
		}
		if name == "w0" {
			v := tensor.View[float32](x)
			for k := range v {
				v[k] *= float32(1 + k%dims[1])
			}
		}
		return g.AddConst(name, x)
	}
	v := g.AddInput("x", tensor.Float32, ir.Dims(1, int64(rows), 16))
	v = g.AddNode("MatMul", "m0", nil, []*ir.Value{v, noise("w0", 1, 16, 24)}, "m0").Outputs[0]
	v = g.AddNode("Add", "a0", nil, []*ir.Value{v, noise("b0", 2, 24)}, "a0").Outputs[0]
	v = g.AddNode("Relu", "r0", nil, []*ir.Value{v}, "r0").Outputs[0]
	v = g.AddNode("MatMul", "m1", nil, []*ir.Value{v, noise("w1", 3, 24, 32)}, "m1").Outputs[0]
	shape := g.AddConst("shape", tensor.Of([]int64{int64(rows), 32}, 2))
	v = g.AddNode("Reshape", "flat", nil, []*ir.Value{v, shape}, "flat").Outputs[0]
	v = g.AddNode("Gemm", "m2", ir.Attrs{"transB": int64(1)}, []*ir.Value{v, noise("w2", 4, 7, 32), noise("b2", 5, 7)}, "m2").Outputs[0]
	g.Outputs = []*ir.Value{v}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

// quantized has static quantization by one sample behind it.
func quantized(t *testing.T, g *ir.Graph, in []*tensor.Tensor) {
	t.Helper()
	ctx, reg, o := context.Background(), ops.Registry(), quantize.Defaults(quantize.NCNN)
	var err error
	o.Stats, err = quantize.Calibrate(ctx, g, reg, o, reference.Runner{Registry: reg}, func(yield func([]*tensor.Tensor, error) bool) { yield(in, nil) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := quantize.Static.Run1(ctx, g, reg, o, nil); err != nil {
		t.Fatal(err)
	}
}

// TestInt8Rows runs integer products of several rows in ncnn's package: of as many
// rows as its kernels take at once, of more and of fewer.
func TestInt8Rows(t *testing.T) {
	python(t)
	for _, rows := range []int{2, 5, 16, 33} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			g := rowsNet(t, rows)
			in := inputs(t, g, 3, 1)
			want, err := reference.Run(ops.Registry(), g, in)
			if err != nil {
				t.Fatal(err)
			}
			quantized(t, g, in)
			dir := t.TempDir()
			convert(t, g, "int8", dir, "m")
			a := vendor(t, []job{{dir, "m", in, 1}})[0]
			if a.err != "" {
				t.Fatal(a.err)
			}
			if d := decibels(a.outputs[0], want[0].Float32s()); !(d >= 33) {
				t.Errorf("%.1f dB", d)
			}
		})
	}
}

// TestInt8RowsBeyond gives ten times what calibration saw, which the plan's range
// would cut off: the layer takes the range that its input has.
func TestInt8RowsBeyond(t *testing.T) {
	python(t)
	g := rowsNet(t, 5)
	in := inputs(t, g, 3, 1)
	beyond := inputs(t, g, 4, 10)
	want, err := reference.Run(ops.Registry(), g, beyond)
	if err != nil {
		t.Fatal(err)
	}
	quantized(t, g, in)
	dir := t.TempDir()
	convert(t, g, "int8", dir, "m")
	a := vendor(t, []job{{dir, "m", beyond, 1}})[0]
	if a.err != "" {
		t.Fatal(a.err)
	}
	if d := decibels(a.outputs[0], want[0].Float32s()); !(d >= 33) {
		t.Errorf("%.1f dB", d)
	}
}

// TestInt8RowsWritten reads the file's weights back: integers with a scale for each
// row of them, which only the first factor has.
func TestInt8RowsWritten(t *testing.T) {
	g := rowsNet(t, 5)
	quantized(t, g, inputs(t, g, 3, 1))
	type product struct {
		w       *constant
		swapped bool
		bias    *ir.Value
	}
	var want []product
	for _, n := range g.Nodes {
		switch n.Op {
		case "MatMul":
			want = append(want, product{packed(n.In(1)), true, nil})
		case "Gemm":
			want = append(want, product{packed(n.In(1)), false, n.In(2)})
		case "Add":
			want[len(want)-1].bias = n.In(1)
		}
	}
	dir := t.TempDir()
	convert(t, g, "int8", dir, "m")
	text, err := os.ReadFile(filepath.Join(dir, "m.param"))
	if err != nil {
		t.Fatal(err)
	}
	bin, err := os.ReadFile(filepath.Join(dir, "m.bin"))
	if err != nil {
		t.Fatal(err)
	}
	var layers []string
	for line := range strings.Lines(string(text)) {
		switch f := strings.Fields(line); f[0] {
		case "Gemm":
			layers = append(layers, strings.Join(f[6:], " "))
		case "InnerProduct", "MatMul":
			t.Errorf("a product is %s", f[0])
		}
	}
	if len(layers) != 3 || len(want) != 3 {
		t.Fatalf("%d layers for %d products", len(layers), len(want))
	}
	next := func(n int) []byte {
		if len(bin) < n {
			t.Fatalf("%d bytes are missing", n-len(bin))
		}
		b := bin[:n]
		bin = bin[n:]
		return b
	}
	for k, p := range want {
		w := p.w.t
		if p.swapped {
			if w, err = w.Transposed(1, 0); err != nil {
				t.Fatal(err)
			}
		}
		outs, inner := w.Shape()[0], w.Shape()[1]
		column := -1
		if p.bias != nil {
			column = 1
		}
		if params := fmt.Sprintf("10=%d 2=0 3=1 4=1 5=0 6=1 7=%d 8=5 9=%d 14=1 18=2", column, outs, inner); !strings.HasPrefix(layers[k], params) {
			t.Errorf("layer %d: %q, want %q", k, layers[k], params)
		}
		if tag := binary.LittleEndian.Uint32(next(4)); tag != tagInt8 || !bytes.Equal(next(outs*inner), w.Bytes()) {
			t.Fatalf("layer %d: other weights, or not integers (%x)", k, tag)
		}
		next((4 - outs*inner%4) % 4)
		if p.bias != nil {
			if tag := binary.LittleEndian.Uint32(next(4)); tag != tagFloat32 || !bytes.Equal(next(4*outs), tensor.Of(packed(p.bias).floats(), outs).Bytes()) {
				t.Fatalf("layer %d: another addend", k)
			}
		}
		scales, err := tensor.FromBytes(tensor.Float32, []int{outs}, next(4*outs))
		if err != nil {
			t.Fatal(err)
		}
		for j, s := range scales.Float32s() {
			if each := p.w.scales[j%len(p.w.scales)]; s != 1/each {
				t.Errorf("layer %d: row %d has the scale %g, want %g", k, j, s, 1/each)
			}
		}
	}
	if len(bin) != 0 {
		t.Errorf("%d bytes too many", len(bin))
	}
}
