package charts

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func samples() map[string]Drawing {
	return map[string]Drawing{
		"latency": Bars{Title: "Latency", Note: "median, line to the 99th percentile; lower is better", Unit: "ms", MarkName: "p99", Bars: []Bar{
			{Label: "source", Sub: "ONNX Runtime", Target: "source", Value: 8.4, Mark: 9.9},
			{Label: "openvino fp16", Sub: "OpenVINO", Target: "openvino", Value: 5.1, Mark: 7.2},
			{Label: "tflite int8, a rather long name that has to be cut somewhere", Sub: "LiteRT", Target: "tflite", Value: 4.02, Mark: 4.4},
		}},
		"accuracy": Bars{Title: "Accuracy", Percent: true, Bars: []Bar{{Label: "source", Target: "source", Value: 0.7, Lo: 0.64, Hi: 0.75}, {Label: "int8", Target: "onnx", Value: 0.69, Lo: 0.63, Hi: 0.74}}},
		"scatter":  Scatter{Title: "Latency against accuracy", XName: "ms", YName: "top-1", PercentY: true, Points: []Point{{"source", "source", 8.4, 0.7, 0.64, 0.75}, {"openvino int8", "openvino", 2.4, 0.69, 0.63, 0.74}, {"tflite", "tflite", 8.3, 0.7, 0, 0}}},
		"one":      Scatter{Title: "One point", XName: "ms", YName: "top-1", Points: []Point{{Label: "a", X: 1, Y: 1}}},
		"equal":    Bars{Title: "Equal", Bars: []Bar{{Label: "a", Value: 2}, {Label: "b", Value: 2}}},
		"odd":      Bars{Title: "Odd", Bars: []Bar{{Label: "NaN", Value: math.NaN()}, {Label: "zero"}, {Label: "inf", Value: math.Inf(1)}}},
		"empty":    Bars{Title: "Latency", Empty: "nothing measured yet"},
	}
}

func TestEveryChartRendersInBothFormats(t *testing.T) {
	keep := os.Getenv("STUDIO_ARTIFACTS")
	for name, d := range samples() {
		for _, dark := range []bool{false, true} {
			var p, v bytes.Buffer
			s := Style{Width: 640, Height: 240, Dark: dark}
			if _, err := PNG(&p, d, s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			img, err := png.Decode(&p)
			if err != nil || img.Bounds().Dx() != 640 || img.Bounds().Dy() != 240 {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := SVG(&v, d, s); err != nil || !strings.Contains(v.String(), "</svg>") {
				t.Errorf("%s: %v", name, err)
			}
			if keep != "" {
				f, err := os.Create(filepath.Join(keep, "chart-"+name+map[bool]string{true: "-dark"}[dark]+".png"))
				if err != nil {
					t.Fatal(err)
				}
				png.Encode(f, img)
				f.Close()
			}
		}
	}
}

func TestBarsStartAtZeroAndKeepTheirProportion(t *testing.T) {
	d := Bars{Title: "x", Bars: []Bar{{Label: "a", Target: "onnx", Value: 10}, {Label: "b", Target: "onnx", Value: 5}}}
	var b bytes.Buffer
	if _, err := PNG(&b, d, Style{Width: 600, Height: 200}); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	want := Color("onnx")
	count := func(y int) (n int) {
		for x := range 600 {
			r, g, b, _ := img.At(x, y).RGBA()
			if uint8(r>>8) == want.R && uint8(g>>8) == want.G && uint8(b>>8) == want.B {
				n++
			}
		}
		return
	}
	a, c := count(72), count(138)
	if c == 0 || math.Abs(float64(a)/float64(c)-2) > 0.05 {
		t.Errorf("bars of 10 and 5 are %d and %d pixels long", a, c)
	}
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   []float64
	}{{0, 10, []float64{0, 2, 4, 6, 8, 10}}, {0, 0.09, []float64{0, 0.02, 0.04, 0.06, 0.08}}, {3, 3, []float64{3}}} {
		got := ticks(c.lo, c.hi, 5)
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("%v..%v: %v", c.lo, c.hi, got)
		}
	}
}

func TestTipsTellTheNumbers(t *testing.T) {
	var b bytes.Buffer
	hits, err := PNG(&b, samples()["latency"], Style{Width: 600, Height: 200})
	if err != nil || len(hits) != 3 || hits[0].Text != "source, ONNX Runtime: 8.4 ms, p99 9.9 ms" {
		t.Errorf("%+v %v", hits, err)
	}
}

// TestLabelsLeaveTheMarksOfNeighboursFree: two points side by side, each with
// its label on the free side.
func TestLabelsLeaveTheMarksOfNeighboursFree(t *testing.T) {
	var b bytes.Buffer
	marks, err := SVG(&b, Scatter{XName: "ms", YName: "top-1", PercentY: true, Points: []Point{{"far", "openvino", 12, 0.78, 0, 0}, {"first", "source", 29.5, 0.78, 0, 0}, {"second", "onnx", 29.9, 0.78, 0, 0}}}, Style{Width: 600, Height: 320})
	if err != nil || len(marks) != 3 {
		t.Fatalf("%d marks: %v", len(marks), err)
	}
	found := regexp.MustCompile(`<text x="(\d+)" y="(\d+)"[^>]*>(first|second)</text>`).FindAllStringSubmatch(b.String(), -1)
	if len(found) != 2 {
		t.Fatalf("labels: %v", found)
	}
	for _, m := range found {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		for i, k := range marks[1:] {
			if own := m[3] == []string{"first", "second"}[i]; !own && x < k.X1 && x+18 > k.X0 && y-10 < k.Y1 && y > k.Y0 {
				t.Errorf("%s at %d,%d covers the mark %+v", m[3], x, y, k)
			}
		}
	}
}

func TestInBytesTakesTheUnitOfTheLargest(t *testing.T) {
	for _, c := range []struct {
		bytes []float64
		unit  string
		want  float64 // of the first
	}{
		{[]float64{18.6e6, 120}, "MB", 18.6},
		{[]float64{1e5}, "MB", 0.1},
		{[]float64{120, 99_900}, "kB", 0.12},
		{[]float64{120}, "B", 120},
		{nil, "MB", 0},
	} {
		var b Bars
		for _, v := range c.bytes {
			b.Bars = append(b.Bars, Bar{Value: v})
		}
		got := b.InBytes()
		if got.Unit != c.unit || len(got.Bars) > 0 && got.Bars[0].Value != c.want {
			t.Errorf("%v: %+v", c.bytes, got)
		}
		if len(b.Bars) > 0 && b.Bars[0].Value != c.bytes[0] {
			t.Errorf("%v: the original changed to %v", c.bytes, b.Bars[0].Value)
		}
	}
}
