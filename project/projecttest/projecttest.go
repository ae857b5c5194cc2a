package projecttest

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	opsall "slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
)

// Net is a small convolutional classifier of 10 classes for pictures of 16×16.
const Net = `graph net {
  input %x : f32[1,3,16,16]
  const %w1 : f32[8,3,3,3] = noise(1)
  const %b1 : f32[8] = noise(2)
  const %w2 : f32[10,8] = noise(3)
  const %b2 : f32[10] = noise(4)
  %c : ?[?] = Conv(%x, %w1, %b1) {pads=[1,1,1,1], strides=[2,2]} @conv1
  %r : ?[?] = Relu(%c) @relu1
  %p : ?[?] = GlobalAveragePool(%r) @pool
  %f : ?[?] = Flatten(%p) @flatten
  %y : ?[?] = Gemm(%f, %w2, %b2) {transB=1} @fc
  output %y
}
`

// Other is Net with other weights: it computes something else.
var Other = strings.NewReplacer("noise(1)", "noise(11)", "noise(3)", "noise(13)").Replace(Net)

// Mean is a classifier by a picture's average colour. In noise that is always
// about the same: ranges measured on noise cut a bright picture off.
const Mean = `graph mean {
  input %x : f32[1,3,16,16]
  const %grey : f32[3] = [127.5,127.5,127.5]
  const %w : f32[10,3] = noise(3)
  const %b : f32[10] = noise(4)
  %p : ?[?] = GlobalAveragePool(%x) @pool
  %f : ?[?] = Flatten(%p) @flatten
  %m : ?[?] = Sub(%f, %grey) @centre
  %y : ?[?] = Gemm(%m, %w, %b) {transB=1} @fc
  output %y
}
`

// Write writes a graph in text form as dir/name.onnx and returns the path.
func Write(t testing.TB, dir, name, text string) string {
	t.Helper()
	g, err := ir.Parse(text)
	if err == nil {
		err = opsall.Registry().InferGraph(g)
	}
	if err == nil {
		_, err = onnx.Target{}.Write(context.Background(), g, dir, target.Options{Name: name, Registry: opsall.Registry()})
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name+".onnx")
}

// Large writes a model of about mb megabytes of weights, so that converting it
// takes a while.
func Large(t testing.TB, dir, name string, mb int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("graph large {\n  input %v0 : f32[1,1024]\n")
	n := max(mb/4, 1) // a matrix of 1024×1024 floats is 4 MB
	for i := range n {
		fmt.Fprintf(&b, "  const %%w%d : f32[1024,1024] = noise(%d)\n", i, i+1)
	}
	for i := range n {
		fmt.Fprintf(&b, "  %%v%d : ?[?] = MatMul(%%v%d, %%w%d) @fc%d\n", i+1, i, i, i)
	}
	fmt.Fprintf(&b, "  output %%v%d\n}\n", n)
	return Write(t, dir, name, b.String())
}
