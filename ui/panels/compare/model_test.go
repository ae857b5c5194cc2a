package compare

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"slipway/profiler/accuracy"
	"slipway/profiler/measure"
	"slipway/profiler/verify"
	"slipway/project"
	"slipway/project/pipeline"
)

func bench(v int64, rt string, p50, lo, hi float64) project.BenchRow {
	return project.BenchRow{Variant: v, Result: measure.Result{Runtime: rt, P50MS: p50, P99MS: 2 * p50, CI95MS: [2]float64{lo, hi}, PeakRSS: 5e7}}
}

// sound is the result of a conversion that succeeded.
func sound(verdict string) *pipeline.Result {
	r := &pipeline.Result{Verify: &verify.Verdict{Verdict: verdict}}
	r.OK = true
	return r
}

func variants() []*project.Variant {
	return []*project.Variant{
		{ID: 0, Title: "source", Target: "source", Bytes: 10_000_000},
		{ID: 1, Title: "onnx fp32", Target: "onnx", Bytes: 9_000_000, Result: sound("match")},
		{ID: 2, Title: "a, \"b\"", Target: "tflite", Bytes: 3_000_000, Result: sound("drift")},
	}
}

// joined is rowsOf with upper-case titles for runtimes.
func joined(v []*project.Variant, b []project.BenchRow, e []project.EvalRow) []row {
	return rowsOf(v, b, e, strings.ToUpper)
}

func TestRowsJoinMeasurements(t *testing.T) {
	rows := joined(variants(), []project.BenchRow{bench(0, "ort", 10, 9, 11), bench(1, "ort", 5, 4, 6), bench(1, "openvino", 4, 3, 5)},
		[]project.EvalRow{{Variant: 1, Runtime: "ort", Result: accuracy.Result{Top1: 0.7}}, {Variant: 7, Runtime: "ort"}})
	type line struct {
		title, runtime string
		bench, eval    bool
	}
	want := []line{{"source", "ort", true, false}, {"onnx fp32", "ort", true, true}, {"onnx fp32", "openvino", true, false}, {"a, \"b\"", "", false, false}}
	if len(rows) != len(want) {
		t.Fatalf("%d rows", len(rows))
	}
	for i, r := range rows {
		if got := (line{r.variant.Title, r.runtime, r.bench != nil, r.eval != nil}); got != want[i] {
			t.Errorf("row %d: %+v, not %+v", i, got, want[i])
		}
	}
}

func TestVerdictSaysTheFastestHonestly(t *testing.T) {
	v := variants()
	for name, c := range map[string]struct {
		rows []project.BenchRow
		want string
	}{
		"nothing":    {nil, ""},
		"source":     {[]project.BenchRow{bench(0, "ort", 4, 3, 5), bench(1, "ort", 5, 4, 6)}, "Nothing is faster than the source on ORT."},
		"clear":      {[]project.BenchRow{bench(0, "ort", 10, 9, 11), bench(1, "ort", 5, 4, 6)}, "onnx fp32 on ORT is the fastest: 5 ms against 10 ms for the source on ORT (2.0 times)."},
		"overlap":    {[]project.BenchRow{bench(0, "ort", 10, 8, 12), bench(1, "ort", 9, 7, 11)}, "overlap"},
		"own merits": {[]project.BenchRow{bench(0, "slow", 100, 99, 101), bench(0, "ort", 10, 9, 11), bench(1, "ort", 5, 4, 6)}, "10 ms for the source on ORT"},
	} {
		got := verdict(joined(v, c.rows, nil))
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q lacks %q", name, got, c.want)
		}
		if name == "clear" && strings.Contains(got, "overlap") {
			t.Errorf("clear: %q", got)
		}
	}
}

func TestVerdictTellsTheAccuracyLost(t *testing.T) {
	drop := accuracy.Interval{-0.05, 0.01}
	got := verdict(joined(variants()[:2], []project.BenchRow{bench(0, "ort", 10, 9, 11), bench(1, "ort", 5, 4, 6)}, []project.EvalRow{
		{Variant: 0, Runtime: "ort", Result: accuracy.Result{Top1: 0.72}}, {Variant: 1, Runtime: "ort", Result: accuracy.Result{Top1: 0.70, DropCI95: &drop}},
	}))
	if !strings.Contains(got, "differs by -2.0 points (95 %: -5.0 to +1.0)") {
		t.Errorf("%q", got)
	}
}

func TestAgreementStandsInWhereThereAreNoLabels(t *testing.T) {
	rows := joined(variants()[:2], nil, []project.EvalRow{{Variant: 1, Runtime: "ort", Result: accuracy.Result{Images: 8, Top1: -1, Agreement: 0.875, AgreementCI95: accuracy.Interval{0.5, 0.98}}}})
	c := accuracyChart(rows)
	if c.Title != "Agreement with the source" || len(c.Bars) != 1 || c.Bars[0].Value != 0.875 || c.Bars[0].Lo != 0.5 || c.Bars[0].Hi != 0.98 {
		t.Errorf("%+v", c)
	}
}

func TestCSVHoldsAllRowsInPlainNumbers(t *testing.T) {
	var b bytes.Buffer
	if err := writeCSV(&b, joined(variants(), []project.BenchRow{bench(2, "litert", 5.25, 5, 6)}, nil)); err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(all) != 4 {
		t.Fatalf("%d lines: %v", len(all), err)
	}
	for i, want := range map[int]string{0: "a, \"b\"", 1: "tflite", 2: "drift", 3: "litert", 4: "5.25", 6: "10.5", 10: "50000000", 11: "3000000", 12: ""} {
		if all[3][i] != want {
			t.Errorf("%s: %q, not %q", all[0][i], all[3][i], want)
		}
	}
}

func TestSizesTellWhatIsNoGood(t *testing.T) {
	v := variants()
	v[2].Result.OK = false
	v[2].Result.Verify.Verdict = "mismatch"
	if b := sizeChart(v).Bars; b[0].Sub != "" || b[1].Sub != "" || b[2].Sub != "mismatch" {
		t.Errorf("%+v", b)
	}
}

func TestUnmeasuredNamesArtefactsWithoutALatency(t *testing.T) {
	v := variants()
	if got := unmeasured(joined(v, nil, nil)); got != "" {
		t.Errorf("nothing was measured: %q", got)
	}
	got := unmeasured(joined(v, []project.BenchRow{bench(0, "ort", 4, 3, 5), bench(1, "ort", 5, 4, 6)}, nil))
	if !strings.HasPrefix(got, "Without a latency: "+v[2].Title+".") {
		t.Errorf("%q", got)
	}
	wrong := *v[2]
	wrong.Result = &pipeline.Result{}
	v[2] = &wrong
	got = unmeasured(joined(v, []project.BenchRow{bench(0, "ort", 4, 3, 5), bench(1, "ort", 5, 4, 6)}, nil))
	if got != "Not measured, as they do not compute what the source computes: "+wrong.Title+"." {
		t.Errorf("%q", got)
	}
}

func TestDoubtsAreToldOnceEach(t *testing.T) {
	busy, few := "the machine was busy", "only 12 runs"
	a, b, c := bench(0, "ort", 4, 3, 5), bench(1, "ort", 5, 4, 6), bench(1, "openvino", 5, 4, 6)
	a.Warnings, b.Warnings, c.Warnings = []string{busy}, []string{few, busy}, []string{"only 9 runs", busy}
	if got := doubts(joined(variants(), []project.BenchRow{a, b, c}, nil)); got != "The machine was busy. Only 12 runs (2 of 3 rows)." {
		t.Errorf("%q", got)
	}
	if got := doubts(joined(variants(), nil, nil)); got != "" {
		t.Errorf("nothing measured: %q", got)
	}
}
