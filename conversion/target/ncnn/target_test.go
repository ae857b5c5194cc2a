package ncnn

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
)

func parse(t *testing.T, text string) *ir.Graph {
	t.Helper()
	g, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := ops.Registry().InferGraph(g); err != nil {
		t.Fatal(err)
	}
	return g
}

func prepare(t *testing.T, g *ir.Graph) string {
	t.Helper()
	l, err := (Target{}).Prepare(context.Background(), g, ops.Registry(), target.Options{})
	if err == nil {
		return ""
	}
	return l.Error() + err.Error()
}

// TestText: a blob read twice goes through a Split, the batch is gone, an
// activation belongs to its product, blobs are called as the tensors that they
// hold and results have ncnn's names.
func TestText(t *testing.T) {
	g := parse(t, `graph net {
  input %x : f32[N,2,4,4]
  const %w : f32[2,2,1,1] = [1.0,0.0,0.0,1.0]
  %a : f32[N,2,4,4] = Conv(%x, %w) @conv
  %b : f32[N,2,4,4] = Relu(%a) @relu
  %c : f32[N,2,4,4] = Sigmoid(%b) @sig
  %d : f32[N,2,4,4] = Add(%b, %c) @sum
  output %d
  output %b
}
`)
	if why := prepare(t, g); why != "" {
		t.Fatal(why)
	}
	dir := t.TempDir()
	a, err := Target{}.Write(context.Background(), g, dir, target.Options{Name: "net"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, a.Files[0]))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"7767517", "5 7", "Input x 0 1 in0 0=4 1=4 2=2 -23329=5,4,1,2,4,4",
		"Convolution conv 1 1 in0 b 0=2 1=1 11=1 2=1 12=1 3=1 13=1 4=0 14=0 15=0 16=0 5=0 6=4 9=1",
		"Split splitncnn_b 1 3 b out1 b_splitncnn_0 b_splitncnn_1 -23329=7,4,1,2,4,4,-1,-1",
		"Sigmoid sig 1 1 b_splitncnn_0 c", "BinaryOp sum 2 1 b_splitncnn_1 c out0 0=0 -23329=5,4,1,2,4,4",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	names, err := Target{}.Tensors(context.Background(), filepath.Join(dir, a.Files[0]))
	if have := strings.Join(names, " "); err != nil || have != "in0 b out1 b_splitncnn_0 b_splitncnn_1 c out0" {
		t.Errorf("blobs %s, %v", have, err)
	}
	bin, err := os.ReadFile(filepath.Join(dir, a.Files[1]))
	if err != nil || len(bin) != 4+4*4 {
		t.Errorf("%d bytes of weights, %v", len(bin), err)
	}
}

// TestBrokenText: the blobs of a file that is no list of layers are an error.
func TestBrokenText(t *testing.T) {
	for _, text := range []string{"7767517\n1 1\nInput x 0\n", "7767517\n1 1\nInput x 0 2 in0\n", "7767517\n1 1\nInput x -1 1 in0\n", "<html> a b c\n"} {
		path := filepath.Join(t.TempDir(), "net.param")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if names, err := (Target{}).Tensors(context.Background(), path); err == nil {
			t.Errorf("%q has %v", text, names)
		}
	}
}

// TestRefuses: what ncnn cannot hold is a finding.
func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"size": {"graph g {\n  input %x : f32[?]\n  %y : f32[?] = Relu(%x) @r\n  output %y\n}\n", "rank of input"},
		"type": {"graph g {\n  input %x : i8[1,3]\n  %y : i8[1,3] = Neg(%x) @r\n  output %y\n}\n", "32-bit floats"},
		"op":   {"graph g {\n  input %x : f32[3,3]\n  %y : f32[] = Det(%x) @r\n  output %y\n}\n", "no layer"},
		"source quantizer": {
			"graph g {\n  input %x : f32[1,3]\n  const %s : f32[] = [0.1]\n  const %z : i8[] = [0]\n  %q : i8[1,3] = QuantizeLinear(%x, %s, %z) @q\n" +
				"  %y : f32[1,3] = DequantizeLinear(%q, %s, %z) @d\n  output %y\n}\n", "this program quantized",
		},
	} {
		if why := prepare(t, parse(t, c.text)); !strings.Contains(why, c.want) {
			t.Errorf("%s: %q does not say %q", name, why, c.want)
		}
	}
}
