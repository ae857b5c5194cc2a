package window

import (
	"reflect"
	"testing"

	"slipway/conversion/ir"
)

func TestOut(t *testing.T) {
	h := ir.Symbol("H")
	for _, c := range []struct {
		name  string
		attrs ir.Attrs
		in    ir.Dim
		want  string
	}{
		{"plain", ir.Attrs{"kernel_shape": []int64{3}}, ir.Static(7), "5"},
		{"strided and padded", ir.Attrs{"kernel_shape": []int64{3}, "strides": []int64{2}, "pads": []int64{1, 1}}, ir.Static(224), "112"},
		{"dilated", ir.Attrs{"kernel_shape": []int64{3}, "dilations": []int64{2}}, ir.Static(7), "3"},
		{"symbolic, same size", ir.Attrs{"kernel_shape": []int64{3}, "pads": []int64{1, 1}}, h, "H"},
		{"symbolic, halved", ir.Attrs{"kernel_shape": []int64{3}, "strides": []int64{2}, "pads": []int64{1, 1}}, h, "floor((H+1)/2)"},
		{"symbolic, even", ir.Attrs{"kernel_shape": []int64{2}, "strides": []int64{2}}, h.Mul(ir.Static(2)), "H"},
		{"same", ir.Attrs{"kernel_shape": []int64{3}, "strides": []int64{2}, "auto_pad": "SAME_UPPER"}, ir.Static(225), "113"},
		{"same, symbolic", ir.Attrs{"kernel_shape": []int64{3}, "strides": []int64{2}, "auto_pad": "SAME_LOWER"}, h, "floor((H+1)/2)"},
		{"valid ignores pads", ir.Attrs{"kernel_shape": []int64{3}, "pads": []int64{1, 1}, "auto_pad": "VALID"}, ir.Static(7), "5"},
		{"ceil", ir.Attrs{"kernel_shape": []int64{3}, "strides": []int64{2}, "ceil_mode": int64(1)}, ir.Static(112), "56"},
		{"ceil, symbolic", ir.Attrs{"kernel_shape": []int64{3}, "strides": []int64{2}, "ceil_mode": int64(1)}, h, "floor((H)/2)"},
		// ceil((2+1+1-1)/2)+1 = 3 windows, of which the last would start in the padding.
		{"ceil, last window starts beyond the input", ir.Attrs{"kernel_shape": []int64{1}, "strides": []int64{2}, "pads": []int64{0, 1}, "ceil_mode": int64(1)}, ir.Static(2), "1"},
	} {
		s, err := Read(&ir.Node{Attrs: c.attrs}, 1, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got, err := s.Out(0, c.in)
		if err != nil || got.String() != c.want {
			t.Errorf("%s: %v, %v; want %s", c.name, got, err, c.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, attrs := range map[string]ir.Attrs{
		"no kernel":        {},
		"wrong length":     {"kernel_shape": []int64{3, 3}},
		"zero stride":      {"kernel_shape": []int64{3}, "strides": []int64{0}},
		"negative padding": {"kernel_shape": []int64{3}, "pads": []int64{-1, 0}},
		"huge dilation":    {"kernel_shape": []int64{3}, "dilations": []int64{1 << 40}},
		"unknown auto_pad": {"kernel_shape": []int64{3}, "auto_pad": "SAME"},
	} {
		if _, err := Read(&ir.Node{Attrs: attrs}, 1, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	s, err := Read(&ir.Node{Attrs: ir.Attrs{"kernel_shape": []int64{5}}}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := s.Out(0, ir.Static(4)); err == nil {
		t.Errorf("a kernel of 5 over 4 elements gives %v", d)
	}
}

func TestLower(t *testing.T) {
	h := ir.Symbol("H")
	for _, c := range []struct {
		name  string
		attrs ir.Attrs
		in    []ir.Dim
		want  any
	}{
		{"upper", ir.Attrs{"auto_pad": "SAME_UPPER", "kernel_shape": []int64{3}, "strides": []int64{2}}, []ir.Dim{ir.Static(224)}, []int64{0, 1}},
		{"lower", ir.Attrs{"auto_pad": "SAME_LOWER", "kernel_shape": []int64{3}, "strides": []int64{2}}, []ir.Dim{ir.Static(224)}, []int64{1, 0}},
		{"symbolic with stride 1", ir.Attrs{"auto_pad": "SAME_UPPER", "kernel_shape": []int64{4}}, []ir.Dim{h}, []int64{1, 2}},
		{"valid", ir.Attrs{"auto_pad": "VALID", "kernel_shape": []int64{3}}, []ir.Dim{h}, []int64{0, 0}},
		{"symbolic with stride 2 stays", ir.Attrs{"auto_pad": "SAME_UPPER", "kernel_shape": []int64{3}, "strides": []int64{2}}, []ir.Dim{h}, nil},
		{"explicit", ir.Attrs{"auto_pad": "NOTSET", "kernel_shape": []int64{3}, "pads": []int64{1, 1}}, []ir.Dim{h}, []int64{1, 1}},
	} {
		if err := Lower(c.attrs, c.in, nil); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if c.want == nil {
			if c.attrs["auto_pad"] == nil || c.attrs["pads"] != nil {
				t.Errorf("%s: %v", c.name, c.attrs)
			}
			continue
		}
		if c.attrs["auto_pad"] != nil || !reflect.DeepEqual(c.attrs["pads"], c.want) {
			t.Errorf("%s: %v, want pads %v and no auto_pad", c.name, c.attrs, c.want)
		}
	}
}
