package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"slipway/conversion/diag"
	"slipway/profiler/accuracy"
	"slipway/profiler/measure"
	"slipway/profiler/report"
	"slipway/profiler/verify"
	"slipway/runtimes/task"
)

// hostile is a name as a model file may hold it.
const hostile = `<script>alert("x")</script>&'`

func example() *report.Data {
	var thumb bytes.Buffer
	if err := jpeg.Encode(&thumb, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		panic(err)
	}
	sqnr, drop := 24.5, accuracy.Interval{-0.1, 0.05}
	bench := func(id int64, runtime string, p50 float64) report.Bench {
		return report.Bench{Variant: id, Result: measure.Result{Runtime: runtime, Version: "1.2.3", P50MS: p50, P99MS: p50 * 1.5, CI95MS: [2]float64{p50 * 0.98, p50 * 1.02}, PeakRSS: 150e6, Runs: 100}}
	}
	eval := func(id int64, runtime string, top1 float64) report.Eval {
		return report.Eval{Variant: id, Runtime: runtime, Dataset: "photos", Result: accuracy.Result{Images: 250, Top1: top1, Top5: 0.9, CI95: accuracy.Interval{top1 - 0.05, top1 + 0.05}, Agreement: 0.97, DropCI95: &drop}}
	}
	guess := func(l string) []task.Prediction {
		return []task.Prediction{{Label: l, Score: 0.8}, {Label: "bee", Score: 0.1}}
	}
	return &report.Data{
		Studio: "1.0", Made: time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC),
		Model: report.Model{
			Name: "net " + hostile, File: "net.onnx", Format: "ONNX", Version: "opset 17", SHA256: "aa11", Bytes: 20e6, Params: 5e6, MACs: 4e8, Layers: 3,
			Inputs: []report.IO{{Name: "x", DType: "f32", Shape: "[1, 3, 224, 224]"}}, Outputs: []report.IO{{Name: hostile, DType: "f32", Shape: "[1, 1000]"}}, Operators: []report.Operator{{Name: "Conv", Count: 2}, {Name: "Relu", Count: 1}},
		},
		Machine:  report.Machine{CPU: "A CPU", Cores: 2, Memory: 24e9, OS: "An OS", Arch: "amd64"},
		Runtimes: []report.Runtime{{Name: "ort", Title: "ONNX Runtime", Version: "1.2.3", OK: true, Devices: []string{"CPU"}}, {Name: "litert", Title: "LiteRT", Reason: "not found", Loses: "nothing checks tflite"}},
		Variants: []report.Variant{
			{ID: 0, Title: "source", Target: "source", Bytes: 20e6},
			{
				ID: 1, Title: "onnx int8", Target: "onnx", Precision: "int8", Bytes: 5e6, Recipe: "precision: int8\n", Files: []report.File{{Path: "net.onnx", Bytes: 5e6, SHA256: "bb22"}},
				Verify:   &verify.Verdict{Verdict: verify.Match, Runtime: "ort", Version: "1.2.3", Reference: "ort", Samples: 4, MaxRel: 0.021, Cosine: 0.9991, SQNR: &sqnr},
				Findings: diag.List{diag.Warnf("quantize.note", "a warning about %s", hostile).Suggest("do this")},
			},
			{
				ID: 2, Title: "tflite fp32", Target: "tflite", Precision: "fp32", Bytes: 19e6, Recipe: "precision: fp32\n", Files: []report.File{{Path: "net.tflite", Bytes: 19e6, SHA256: "cc33"}},
				Verify: &verify.Verdict{Verdict: verify.Mismatch, Runtime: "litert", Samples: 4, MaxRel: 3, Cosine: 0.1, FirstLayer: "conv_7", Why: "it differs"},
			},
		},
		Benches:  []report.Bench{bench(0, "ort", 8), bench(1, "ort", 3)},
		Evals:    []report.Eval{eval(0, "ort", 0.70), eval(1, "ort", 0.69)},
		Pictures: []report.Picture{{Name: "cat " + hostile + ".jpg", Thumb: thumb.Bytes(), Cells: []report.Cell{{Variant: 0, Runtime: "ort", Predictions: guess("cat " + hostile)}, {Variant: 1, Runtime: "ort", Predictions: guess("dog")}, {Variant: 2, Err: "it crashed"}}}, {Name: "broken.jpg", Err: "is no picture"}},
		Commands: []string{"studio convert net.onnx --to onnx --recipe recipe-1.yaml -o recipe-1"},
	}
}

func write(t *testing.T, d *report.Data) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReportTellsEverything(t *testing.T) {
	s := write(t, example())
	for _, want := range []string{
		"opset 17", "A CPU", "ONNX Runtime</strong> 1.2.3", "not available", "nothing checks tflite", // facts and environment
		`verdict match">match`, `verdict mismatch">mismatch`, "2.1e-02", "0.999100", "24.5 dB", "first layer that differs: conv_7", // verdicts
		"1 of 2", "3 ms", "2.7×", "5 MB", "25 %", // headline
		">Latency<", ">Peak memory<", ">Accuracy<", ">Latency against accuracy<", "differs from the source&#39;s by -1.0 points", // charts
		"data:image/jpeg;base64,", "is no picture", "it crashed", // pictures
		"a warning about", "do this", "quantize.note", "recipe-1.yaml", "precision: int8", "aa11", "bb22", "cc33", "studio convert net.onnx",
	} {
		if !strings.Contains(s, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if n := strings.Count(s, `class="first odd"`); n != 1 {
		t.Errorf("%d answers are marked as other than the source's, want 1", n)
	}
	if len(s) > 5<<20 {
		t.Errorf("%d bytes", len(s))
	}
}

// TestReportIsSelfContained: nothing is fetched, nothing runs, and no name from
// a file becomes markup.
func TestReportIsSelfContained(t *testing.T) {
	d := example()
	d.Variants[1].Title = hostile // reaches the charts too
	s := write(t, d)
	if strings.Contains(s, "<script") || strings.Contains(s, "javascript:") {
		t.Error("a script is in the report")
	}
	for _, m := range regexp.MustCompile(`(?:src|href)\s*=\s*"([^"]*)"|url\(([^)]*)\)`).FindAllStringSubmatch(s, -1) {
		if a := m[1] + m[2]; !strings.HasPrefix(a, "data:") {
			t.Errorf("the report refers to %.60q", a)
		}
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg role.*?</svg>`).FindAllString(s, -1) {
		x := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := x.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("a chart is not well formed: %v", err)
			}
		}
	}
	if strings.Count(s, `class="light"`) != strings.Count(s, `class="dark"`) || !strings.Contains(s, "prefers-color-scheme:dark") {
		t.Error("charts are not there for light and dark alike")
	}
}

// TestReportHasTheGraph: the picture is in the page as it was given, or the
// reason why it is not.
func TestReportHasTheGraph(t *testing.T) {
	d := example()
	if s := write(t, d); strings.Contains(s, "<h2>Graph</h2>") {
		t.Error("a graph that nobody gave")
	}
	d.Graph = []byte(`<svg class="model-graph"><text>Conv</text></svg>`)
	if s := write(t, d); !strings.Contains(s, string(d.Graph)) {
		t.Error("the picture of the graph is not in the report")
	}
	d.Graph, d.NoGraph = nil, "too large <b>"
	if s := write(t, d); !strings.Contains(s, "too large &lt;b&gt;") {
		t.Error("the report does not say why it has no picture")
	}
}

func TestReportOfAnEmptyProject(t *testing.T) {
	s := write(t, &report.Data{Studio: "1.0", Model: report.Model{Name: "net", Params: -1, MACs: -1}, Variants: []report.Variant{{Title: "source", Target: "source"}}})
	if !strings.Contains(s, "No artefact has been made") || strings.Contains(s, "<figure") {
		t.Error("an empty project is not told as one")
	}
}

func TestManyPicturesAreBounded(t *testing.T) {
	d := example()
	for range 200 {
		d.Pictures = append(d.Pictures, d.Pictures[0])
	}
	if n := strings.Count(write(t, d), `class="card picture"`); n > 50 {
		t.Errorf("%d pictures in one file", n)
	}
}

func TestThisMachine(t *testing.T) {
	if m := report.ThisMachine(); m.Cores < 1 || m.OS == "" || m.Arch == "" {
		t.Errorf("%+v", m)
	}
}
