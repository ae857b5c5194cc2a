package local

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
	"slipway/runtimes"
)

// The matrix of TestNetworks. Core ML's int8 is of weights alone.
var (
	networkTargets    = []string{"onnx", "openvino", "tflite", "coreml", "tensorrt", "ncnn"}
	networkPrecisions = []string{"fp32", "fp16", "int8"}
	// The continuous integration converts these, where `make models` made them.
	shortNetworks = []string{"mobilenet_v2", "mobilenet_v3_small", "yolo"}
)

// cell is one row of the table: what became of a network on a target.
type cell struct {
	Network, Target, Precision string
	Verdict, Why               string
	Relative, Cosine           float64
	SQNR                       *float64
	Bytes                      int64
	Convert, Verify            float64 // seconds
	Sensitive                  bool
	Findings                   []string // codes of warnings and errors
	Reasons                    []string // error findings in words
}

// network is a model file with what calibrates it.
type network struct{ name, path, calibration string }

// TestNetworks converts networks as people export them to every target and
// holds each verdict against "match"; a network that a target cannot hold must
// say so in findings that name operators. STUDIO_NETWORKS names networks, or
// all; the table of all runs so far is written beside the models by
// scripts/networks, which sets STUDIO_NETWORKS_ROWS to the folder of its rows
// and may narrow STUDIO_NETWORKS_TARGETS and STUDIO_NETWORKS_PRECISIONS.
// Without STUDIO_NETWORKS a short form runs.
func TestNetworks(t *testing.T) {
	asked := words("STUDIO_NETWORKS")
	models := networks(t, asked)
	targets := networkTargets
	if len(asked) == 0 {
		targets = []string{"onnx", "openvino", "tflite"}
	}
	if only := words("STUDIO_NETWORKS_TARGETS"); len(only) > 0 {
		targets = only
	}
	m := machine(t)
	need(t, m, "ort")
	for _, n := range models {
		for _, to := range targets {
			for _, precision := range networkPrecisions {
				if only := words("STUDIO_NETWORKS_PRECISIONS"); len(only) > 0 && !slices.Contains(only, precision) {
					continue
				}
				if precision == "int8" && (n.calibration == "" || len(asked) == 0) {
					continue
				}
				t.Run(n.name+"/"+to+"/"+precision, func(t *testing.T) { convertNetwork(t, m, n, to, precision) })
			}
		}
	}
}

func words(name string) []string {
	return strings.FieldsFunc(os.Getenv(name), func(r rune) bool { return r == ',' || r == ' ' })
}

// networks lists the asked ones that are there.
func networks(t *testing.T, asked []string) []network {
	t.Helper()
	dir := os.Getenv("STUDIO_MODELS")
	if dir == "" {
		dir = filepath.Join(testkit.Root(t), ".cache", "models")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	var out []network
	for _, f := range files {
		n := network{name: strings.TrimSuffix(filepath.Base(f), ".onnx"), path: f}
		family, _, light := strings.Cut(n.name, "_")
		if family != "light" || !light {
			family = strings.TrimSuffix(n.name, ".script")
		}
		n.calibration = folder(filepath.Join(dir, "calibration", family))
		out = append(out, n)
	}
	if zoo := os.Getenv("STUDIO_ZOO"); zoo != "" && len(asked) > 0 {
		for _, f := range zooModels {
			n := network{name: strings.TrimSuffix(filepath.Base(f), ".onnx"), path: filepath.Join(zoo, f), calibration: zooCalibration(zoo, f)}
			if n.calibration == "" {
				n.calibration = folder(filepath.Join(dir, "calibration", n.name))
			}
			out = append(out, n)
		}
	}
	want := asked
	if len(want) == 0 {
		want = shortNetworks
	}
	if !slices.Contains(want, "all") {
		out = slices.DeleteFunc(out, func(n network) bool { return !slices.Contains(want, n.name) })
	}
	if len(out) == 0 {
		t.Skip("no exported networks here: `make models` makes them")
	}
	return out
}

// folder is path, "" where no such folder is.
func folder(path string) string {
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// zooCalibration is a folder of pictures that a trained model understands, ""
// where none are.
func zooCalibration(zoo, model string) string {
	for prefix, folder := range map[string]string{
		"imagenet/": "imagenet-calibration-100", "torch/": "imagenet-calibration-100", "cifar/": "cifar10-200", "detect/": "coco-24",
	} {
		if strings.HasPrefix(model, prefix) {
			return filepath.Join(zoo, "images", folder)
		}
	}
	return ""
}

// environment is the studio's pipeline, with ncnn's artefacts run by its Python
// package where there is no library with the C interface.
func environment(t *testing.T, m *Machine, n network, to string) *pipeline.Env {
	t.Helper()
	env := m.Pipeline()
	get := env.Runtime
	if _, err := get("ncnn"); to != "ncnn" || err == nil {
		return env
	}
	env.Runtime = func(name string) (runtimes.Runtime, error) {
		if name != "ncnn" {
			return get(name)
		}
		return newNCNN(t, m, n.path), nil
	}
	return env
}

func convertNetwork(t *testing.T, m *Machine, n network, to, precision string) {
	row := filepath.Join(os.Getenv("STUDIO_NETWORKS_ROWS"), n.name+"."+to+"."+precision+".json")
	env := environment(t, m, n, to)
	if rt := env.Target(to).Info().Runtimes[0]; rt != "ncnn" {
		need(t, m, rt)
	}
	r := plan.Default()
	r.Precision, r.Quantize.Calibration, r.Quantize.Images = precision, n.calibration, 24
	dir := t.TempDir()
	begin := time.Now()
	res, err := env.RunTo(context.Background(), pipeline.Request{Model: n.path, Target: to, Recipe: r}, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := res.Verify
	c := cell{
		Network: n.name, Target: to, Precision: precision, Verdict: v.Verdict, Why: v.Why, Relative: v.MaxRel, Cosine: v.Cosine, SQNR: v.SQNR,
		Convert: time.Since(begin).Seconds() - res.Seconds.Verify, Verify: res.Seconds.Verify, Sensitive: v.Sensitive,
	}
	for _, a := range res.Artefacts {
		c.Bytes += a.Bytes
	}
	if st, err := os.Stat(n.path); err == nil && st.Size() > 4<<20 && precision != "fp32" && !strings.Contains(n.name, "fp16") && c.Bytes > st.Size()*3/4 {
		t.Errorf("%.1f MB in %s, the source has %.1f", float64(c.Bytes)/1e6, precision, float64(st.Size())/1e6)
	}
	unexplained := []string{}
	for _, f := range res.Findings {
		if f.Severity != diag.Info {
			c.Findings = append(c.Findings, f.Code)
		}
		if f.Severity == diag.Error {
			c.Reasons = append(c.Reasons, f.Text)
			if f.Code != "target.unsupported-op" || f.Layer == "" && len(f.Layers) == 0 {
				unexplained = append(unexplained, f.Error())
			}
		}
	}
	if v.Verdict == verify.NotRun && !res.OK && len(c.Reasons) > 0 {
		c.Verdict = "refused"
	}
	if os.Getenv("STUDIO_NETWORKS_ROWS") != "" {
		b, err := json.MarshalIndent(c, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(row, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	switch {
	case c.Verdict == "refused" && len(unexplained) == 0:
		t.Logf("refused: %s", strings.Join(c.Reasons, "; "))
	case c.Verdict != verify.Match:
		t.Errorf("%s: %s; first diverging layer %q; %s", c.Verdict, v.Why, v.FirstLayer, strings.Join(append(c.Reasons, unexplained...), "; "))
	default:
		t.Logf("%.3g of the output's range%s, %.1f MB, %.1f s", c.Relative, sqnr(c), float64(c.Bytes)/1e6, c.Convert)
	}
}

func sqnr(c cell) string {
	if c.SQNR == nil || c.Precision != "int8" || math.IsInf(*c.SQNR, 0) {
		return ""
	}
	return fmt.Sprintf(", SQNR %.1f dB", *c.SQNR)
}
