package ncnn

import (
	"math"
	"strings"
	"testing"

	"slipway/conversion/tensor"
)

// TestQuantizers of a source model round to even, add, cut and go back in blobs of
// floats, as with integers; these may be moved, and given by the model.
func TestQuantizers(t *testing.T) {
	x := make([]float32, 0, 600)
	for k := -149; k <= 148; k++ { // nearly between two integers: ncnn's quotients are not exact to the last bit
		half := (float32(k) + 0.5) * 0.0123456
		x = append(x, half*(1-1e-6), half*(1+1e-6))
	}
	x = append(x, 1e30, -1e30, 0, 0.5)
	const input = "x : f32[1,6,10,10]"
	pair := func(typ, scale, zero, between string) string {
		consts := "s : f32" + scale + ";z : " + typ + zero
		if between == "" {
			between = "Reshape(%q, %k)"
			consts += ";k : i64[4] = [0,6,10,10]"
		}
		s := graph(input, consts, "DequantizeLinear(%m, %s, %z)")
		return strings.Replace(s, "  %y :", "  %q : ?[?] = QuantizeLinear(%x, %s, %z) @q\n  %m : ?[?] = "+between+" @m\n  %y :", 1)
	}
	graphs := map[string]string{
		"signed":         pair("i8", "[] = [0.0123456]", "[] = [-3]", ""),
		"unsigned":       pair("u8", "[] = [0.0123456]", "[] = [128]", ""),
		"halves":         pair("u8", "[] = [0.5]", "[] = [3]", ""),
		"short":          pair("i16", "[] = [0.0001]", "[] = [0]", ""),
		"short unsigned": pair("u16", "[] = [0.0001]", "[] = [32768]", ""),
		"each channel":   pair("i8", "[6] = [0.0123456,0.5,0.02,0.01,0.003,1]", "[6] = [1,2,-3,0,5,-128]", ""),
		"transposed":     pair("i8", "[] = [0.0123456]", "[] = [-3]", "Transpose(%q) {perm=[0,2,3,1]}"),
		"largest":        pair("i8", "[] = [0.0123456]", "[] = [-3]", "MaxPool(%q) {kernel_shape=[3,3], pads=[1,1,1,1]}"),
		"given":          graph(input, "s : f32[] = [0.0123456];z : i8[] = [-3]", "QuantizeLinear(%x, %s, %z)"),
		"taken":          graph("i : u8[1,6,10,10]", "s : f32[] = [0.0123456];z : u8[] = [100]", "DequantizeLinear(%i, %s, %z)"),
	}
	graphs["computed scale"] = graph(input+";s : f32[];z : u8[]", "", "QuantizeLinear(%x, %s, %z)")
	graphs["computed scales"] = graph(input+";s : f32[6];z : i8[6]", "", "QuantizeLinear(%x, %s, %z)")
	dynamic := "graph g {\n  input %x : f32[1,6,10,10]\n  %q : ?[?], %s : ?[?], %z : ?[?] = DynamicQuantizeLinear(%x) @q\n" +
		"  %y : ?[?] = DequantizeLinear(%q, %s, %z) @d\n  output %y\n}\n"
	graphs["dynamic"], graphs["dynamic of one sign"] = dynamic, dynamic
	numbers := make([]uint8, 600)
	for k := range numbers {
		numbers[k] = uint8(k)
	}
	feeds := map[string]map[string]*tensor.Tensor{}
	for name := range graphs {
		feeds[name] = map[string]*tensor.Tensor{"x": tensor.Of(x, 1, 6, 10, 10), "i": tensor.Of(numbers, 1, 6, 10, 10)}
	}
	ties := make([]float32, 600)
	for k := range ties {
		ties[k] = float32(k-300) / 4
	}
	some, positive := make([]float32, 600), make([]float32, 600)
	for k := range some {
		some[k], positive[k] = float32(k%23)/7-1.3, float32(k%29)/7
	}
	feeds["dynamic"]["x"], feeds["dynamic of one sign"]["x"] = tensor.Of(some, 1, 6, 10, 10), tensor.Of(positive, 1, 6, 10, 10)
	ties[0], ties[1], ties[2] = 1e30, float32(math.Inf(1)), float32(math.Inf(-1))
	for _, name := range []string{"halves", "computed scale", "computed scales"} {
		feeds[name]["x"] = tensor.Of(ties, 1, 6, 10, 10)
	}
	feeds["computed scale"]["s"], feeds["computed scale"]["z"] = tensor.Scalar(float32(0.5)), tensor.Scalar(uint8(7))
	feeds["computed scales"]["s"], feeds["computed scales"]["z"] = tensor.Of([]float32{0.5, 2, 0.125, 1, 4, 0.25}, 6), tensor.Of([]int8{0, 1, 2, -3, 4, 5}, 6)
	computes(t, graphs, feeds)
}

// TestCastsCut: floats that may have fractions, or lie outside a type, do not become its
// integers by being left alone.
func TestCastsCut(t *testing.T) {
	clip := func(first, lo, hi string) string {
		s := graph("x : f32[2,3]", "l : f32[] = ["+lo+"];h : f32[] = ["+hi+"]", "Cast(%c) {to=3}")
		return strings.Replace(s, "  %y :", "  %r : ?[?] = "+first+" @r\n  %c : ?[?] = Clip(%r, %l, %h) @c\n  %y :", 1)
	}
	clipped := clip("Neg(%x)", "-128", "127")
	for name, c := range map[string]struct {
		text    string
		refused bool
	}{
		"whole":            {clip("Round(%x)", "-128", "127"), false},
		"fractions":        {clip("Neg(%x)", "-128", "127"), true},
		"outside":          {clip("Round(%x)", "-129", "127"), true},
		"above":            {clip("Round(%x)", "-128", "255"), true},
		"cut first":        {strings.Replace(clipped, "  %y : ?[?] = Cast(%c)", "  %v : ?[?] = Round(%c) @v\n  %y : ?[?] = Cast(%v)", 1), false},
		"cut to fractions": {clip("Round(%x)", "-127.5", "127"), true},
	} {
		if why := prepare(t, parse(t, c.text)); strings.Contains(why, "is not possible") != c.refused {
			t.Errorf("%s: %q", name, why)
		}
	}
}
