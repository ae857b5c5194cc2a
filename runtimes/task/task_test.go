package task

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
)

func encode(t *testing.T, w, h int, at func(x, y int) color.NRGBA) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, at(x, y))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPrepareNormalisesAndOrdersChannels(t *testing.T) {
	img, err := Decode(encode(t, 2, 1, func(x, _ int) color.NRGBA { return color.NRGBA{uint8(10 + x), 20, 30, 255} }))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   Input
		want []float32
	}{
		{Input{Size: [2]int{1, 2}}, []float32{10, 11, 20, 20, 30, 30}},
		{Input{Size: [2]int{1, 2}, Color: "BGR", Layout: "NHWC"}, []float32{30, 20, 10, 30, 20, 11}},
		{Input{Size: [2]int{1, 2}, Mean: []float64{10}, Std: []float64{2}}, []float32{0, 0.5, 5, 5, 10, 10}},
		{Input{Size: [2]int{1, 2}, Range: 1, Mean: []float64{0, 0, 0}, Std: []float64{1, 1, 0.5}}, []float32{10. / 255, 11. / 255, 20. / 255, 20. / 255, 60. / 255, 60. / 255}},
	} {
		x, _, err := (&Task{Input: c.in}).Prepare(img)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range x.Float32s() {
			if math.Abs(float64(v-c.want[i])) > 1e-5 {
				t.Errorf("%+v: got %v, want %v", c.in, x.Float32s(), c.want)
				break
			}
		}
	}
}

func TestGeometryMapsBack(t *testing.T) {
	img, err := Decode(encode(t, 300, 60, func(x, y int) color.NRGBA { return color.NRGBA{uint8(x), uint8(y), 0, 255} }))
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"short-side", "letterbox", "letterbox-center", "stretch"} {
		in := Input{Size: [2]int{32, 32}, Resize: Resize{Mode: mode, Short: 40}}
		px, g := in.fit(img, in.Size)
		if px.Bounds().Dx() != 32 || px.Bounds().Dy() != 32 {
			t.Fatalf("%s: size %v", mode, px.Bounds())
		}
		// The colour at the input's centre tells which picture position it shows.
		at := map[string]int{"letterbox": 2}[mode]
		if at == 0 {
			at = 16
		}
		c := px.NRGBAAt(16, at)
		x, y := (16.5-g.DX)/g.SX, (float64(at)+0.5-g.DY)/g.SY
		if math.Abs(float64(c.R)-math.Mod(x, 256)) > 6 || math.Abs(float64(c.G)-y) > 3 {
			t.Errorf("%s: centre shows (%d,%d), geometry says (%.1f,%.1f)", mode, c.R, c.G, x, y)
		}
	}
}

func TestHostilePicturesAreRefusedFromTheHeader(t *testing.T) {
	bomb := encode(t, 1, 1, func(_, _ int) color.NRGBA { return color.NRGBA{} })
	huge := bytes.Clone(bomb)
	copy(huge[16:], []byte{0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30}) // 30000 x 30000
	long := bytes.Clone(bomb)
	copy(long[16:], []byte{0, 1, 0x86, 0xa0, 0, 0, 0, 1}) // 100000 x 1
	for name, b := range map[string][]byte{"huge": huge, "long": long, "html": []byte("<html></html>"), "empty": nil, "cut": encode(t, 64, 64, func(x, y int) color.NRGBA { return color.NRGBA{uint8(x * y), 1, 2, 255} })[:200]} {
		_, err := Decode(b)
		var f *diag.Finding
		if !errors.As(err, &f) {
			t.Errorf("%s: %v is no finding", name, err)
		}
	}
}

func TestTopAndSoftmax(t *testing.T) {
	task := &Task{Kind: Classify, Output: Output{Softmax: true, Offset: 1}, Labels: []string{"a", "b", "c"}}
	p, err := task.Predict([]*tensor.Tensor{tensor.Of([]float32{9, 1, 3, 2}, 1, 4)}, Geometry{}, 2)
	if err != nil || len(p) != 2 || p[0].Label != "b" || p[1].Label != "c" {
		t.Fatalf("%v %v", p, err)
	}
	if p[0].Score > 0.01 {
		t.Errorf("softmax must run over all outputs, background included: %v", p)
	}
}

func TestYoloxDecodesAndSuppresses(t *testing.T) {
	task := &Task{Kind: Detect, Input: Input{Size: [2]int{32, 32}}, Output: Output{Decoder: "yolox"}}
	rows := 16 + 4 + 1
	v := make([]float32, rows*7)
	set := func(i int, r ...float32) { copy(v[i*7:], r) }
	set(5, 0.5, 0.5, 0, 0, 0.9, 0.1, 1) // cell (1,1) of stride 8: centre 12,12 size 8
	set(6, -0.4, 0.5, 0, 0, 0.8, 0.1, 1)
	p, err := task.Predict([]*tensor.Tensor{tensor.Of(v, 1, rows, 7)}, Geometry{SX: 0.5, SY: 0.5}, 5)
	if err != nil || len(p) != 1 {
		t.Fatalf("%v %v", p, err)
	}
	if b := *p[0].Box; b != [4]float64{16, 16, 32, 32} || p[0].Index != 1 {
		t.Errorf("got %v", p[0])
	}
}

func TestDatasetByFolderAndByTable(t *testing.T) {
	dir := t.TempDir()
	pic := encode(t, 2, 2, func(_, _ int) color.NRGBA { return color.NRGBA{1, 2, 3, 255} })
	for _, p := range []string{"cat/1.png", "2_dog/1.png", "zebra/1.png", "cat/notes.txt"} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o755)
		os.WriteFile(filepath.Join(dir, p), pic, 0o644)
	}
	d, err := OpenDataset(dir, &Task{Labels: []string{"tench", "cat, tabby", "dog"}})
	if err != nil || len(d.Samples) != 2 || len(d.Findings) != 1 || !d.Labelled {
		t.Fatalf("%+v %v", d, err)
	}
	for _, s := range d.Samples {
		if want := map[string]int{"cat": 1, "2_dog": 2}[filepath.Base(filepath.Dir(s.Path))]; s.Label != want {
			t.Errorf("%s: label %d, want %d", s.Path, s.Label, want)
		}
	}
	os.WriteFile(filepath.Join(dir, "labels.csv"), []byte("cat/1.png, 10, 3\ngone.png,10,1\n"), 0o644)
	d, err = OpenDataset(dir, nil)
	if err != nil || len(d.Samples) != 1 || d.Samples[0].Label != 3 || len(d.Findings) != 1 {
		t.Errorf("%+v %v", d, err)
	}
	os.WriteFile(filepath.Join(dir, "labels.csv"), []byte("../x.png,1\n"), 0o644)
	if _, err = OpenDataset(dir, nil); err == nil {
		t.Error("a path outside the folder was accepted")
	}
}
