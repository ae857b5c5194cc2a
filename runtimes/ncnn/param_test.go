package ncnn

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	schema "slipway/conversion/schema/ncnn"
	"slipway/runtimes"
)

const embedding = `7767517
6 7
Input tokens 0 1 in0 0=4 -23329=3,2,1,4
Input mask 0 1 in1
Reshape flat 1 1 in0 places 0=4
Embed table 1 1 places words 0=2 1=8 3=16
Split two 1 2 words a out1 -23329=4,-1,2,4,2
BinaryOp sum 2 1 a in1 out0 0=0 -23330=5,3,7,6,1,5
`

func read(t *testing.T, text string) *session {
	t.Helper()
	m, err := readParam(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	s := &session{model: m}
	if err := s.describe(nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDescribe: places are integers, shapes are those that were noted, then
// those of ncnn's own hints behind a batch, and unknown where there is neither;
// outputs stand in the order of their numbers.
func TestDescribe(t *testing.T) {
	s := read(t, embedding)
	if got := fmt.Sprint(s.ins); got != "[{tokens i32 [1 4]} {mask f32 []}]" {
		t.Errorf("inputs %s", got)
	}
	if got := fmt.Sprint(s.outs); got != "[{out0 f32 [-1 5 6 7]} {out1 f32 [4 2]}]" {
		t.Errorf("outputs %s", got)
	}
	if !s.model.places["places"] || s.model.places["words"] {
		t.Errorf("places %v", s.model.places)
	}
	for name, c := range map[string]struct {
		params string
		want   []int
	}{
		"open":     {"", nil},
		"vector":   {"0=3", []int{3}},
		"matrix":   {"0=3 1=2", []int{2, 3}},
		"picture":  {"0=3 1=2 2=5", []int{5, 2, 3}},
		"volume":   {"0=3 1=2 11=7 2=5", []int{5, 7, 2, 3}},
		"negative": {"0=-233", nil},
		"gap":      {"0=3 2=5", nil},
	} {
		m, err := readParam(strings.NewReader("7767517\n1 1\nInput x 0 1 x " + c.params + "\n"))
		if err != nil {
			t.Fatal(name, err)
		}
		if got := m.layers[0].sizes(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestOrder: a tap is asked for before what is computed from it, and a profile
// asks for every layer that something follows from.
func TestOrder(t *testing.T) {
	m, err := readParam(strings.NewReader(embedding))
	if err != nil {
		t.Fatal(err)
	}
	for want, profile := range map[string]bool{"words a out1 out0": false, "places words a out1 out0": true} {
		s := &session{model: m, profile: profile}
		if err := s.describe([]string{"a", "words"}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, st := range s.steps() {
			got = append(got, st.blob)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("profile %v: %v, want %s", profile, got, want)
		}
	}
	var refused *runtimes.RefusedError
	if err := (&session{model: m}).describe([]string{"nothing"}); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

// TestExec: a layer computes in integers where its own parameter for them says so.
func TestExec(t *testing.T) {
	for line, want := range map[string]bool{
		"Convolution c 0 1 y 8=2":       true,
		"InnerProduct p 0 1 y 0=8":      false,
		"Gemm g 0 1 y 8=197 14=1 18=2":  true,
		"Gemm g 0 1 y 7=197 8=768 9=16": false,
	} {
		m, err := readParam(strings.NewReader("7767517\n1 1\n" + line + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.layers[0].int8(); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}

// TestTooOld: a library that would take integers for floats does not get them.
func TestTooOld(t *testing.T) {
	for _, c := range []struct {
		version, params string
		refused         bool
	}{
		{"1.0.20240820", "18=2", true},
		{"1.0.20240820", "8=2", false},
		{"1.0.20241226", "18=2", false},
		{"1.0.20261020", "18=2", false},
		{"dev", "18=2", false},
	} {
		m, err := readParam(strings.NewReader("7767517\n1 1\nGemm g 0 1 y " + c.params + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if why := m.tooOld(c.version); (why != "") != c.refused {
			t.Errorf("version %s, %s: %q", c.version, c.params, why)
		}
	}
}

// TestMalformed: what ncnn would trust is refused.
func TestMalformed(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", "no .param"},
		"binary":       {"\x85\xdd\x76\x00", "no .param"},
		"counts":       {"7767517\nx y\n", "x layers"},
		"huge":         {"7767517\n999999999 1\n", "999999999 layers"},
		"cut":          {"7767517\n3 1\nInput x 0 1 x\n", "after 1 of 3"},
		"fields":       {"7767517\n1 1\nInput x 0\n", "too few"},
		"blobs":        {"7767517\n1 1\nInput x 0 3 x\n", "0 inputs and 3 outputs"},
		"unknown blob": {"7767517\n1 1\nReLU r 1 1 x y\n", "no layer before"},
		"read twice":   {"7767517\n3 3\nInput x 0 1 x\nReLU r 1 1 x y\nReLU s 1 1 x z\n", "a Split"},
		"made twice":   {"7767517\n2 2\nInput x 0 1 x\nInput y 0 1 x\n", "already"},
		"blob count":   {"7767517\n1 9\nInput x 0 1 x\n", "1 blobs, it says 9"},
		"parameter":    {"7767517\n1 1\nInput x 0 1 x 0=\n", `parameter "0="`},
	} {
		if _, err := readParam(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v does not say %q", name, err, c.want)
		}
	}
}

// TestShapesThatLie: a noted shape that the array cannot hold is passed over.
func TestShapesThatLie(t *testing.T) {
	for _, array := range []string{"1,9", "2,2,3", "3,2,0,1", "1,-1", "0"} {
		m, err := readParam(strings.NewReader("7767517\n1 1\nInput x 0 1 x 0=4 -23329=" + array + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := m.layers[0].given(0); ok {
			t.Errorf("%s: %v", array, got)
		}
	}
	if got, ok := (&layer{params: map[int]string{schema.ShapesKey: "0"}}).given(0); !ok || len(got) != 0 {
		t.Errorf("a scalar: %v, %v", got, ok)
	}
}

func TestAbsent(t *testing.T) {
	dir := t.TempDir()
	html := filepath.Join(dir, "libncnn.so")
	if err := os.WriteFile(html, []byte("<html>404</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", filepath.Join(dir, "none.so"), html} {
		err := New(path).Check(t.Context())
		var absent *runtimes.NotAvailableError
		if !errors.As(err, &absent) || !strings.Contains(absent.Cure, "shared libncnn") {
			t.Errorf("%q: %v", path, err)
		}
	}
}
