//go:build unix

package tensorrt

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/runtimes"
)

const recipeText = `{
  "format": 1,
  "model": "net.onnx",
  "engine": "net.engine",
  "precisions": ["f16", "i8"],
  "profiles": [{"x": {"min": [1, 3], "opt": [8, 3], "max": [32, 3]}, "a": {"min": [1], "opt": [1], "max": [1]}}],
  "flags": ["--onnx=net.onnx", "--saveEngine=net.engine"],
  "flags_before_11": ["--stronglyTyped"]
}
`

const works = `echo '[I] Start parsing network model.'
echo '[I] Finished parsing network model.'
echo '[I] [TRT] Local timing cache in use.'
echo '[I] Engine built in 3.1 sec.'
echo engine > net.engine
`

// folder holds a model and its build file.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"net.onnx": "model", "net.build.json": recipeText} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "net.build.json")
}

// fake is a program that prints and ends as trtexec does.
func fake(t *testing.T, body string) *Tool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trtexec")
	script := "#!/bin/sh\necho '&&&& RUNNING TensorRT.trtexec [TensorRT v100300] # trtexec'\n[ \"$1\" = --help ] && exit 0\necho \"$@\" > args\n" + body
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Tool{Path: path, GPU: GPU{"NVIDIA A10", "8.6", "580.1"}}
}

func TestBuild(t *testing.T) {
	build := folder(t)
	var heard []float64
	res, err := Build(t.Context(), fake(t, works), build, "", func(share float64, _ string) { heard = append(heard, share) })
	if err != nil || !slices.Equal(res.Files, []string{"net.engine", "net.build.json"}) || res.Reused || res.Why != "" {
		t.Fatal(res, err)
	}
	if !slices.Equal(heard, []float64{0.05, 0.15, 0.25, 0.95}) {
		t.Errorf("progress %v", heard)
	}
	args, _ := os.ReadFile(filepath.Join(filepath.Dir(build), "args"))
	if got := strings.TrimSpace(string(args)); got != "--onnx=net.onnx --saveEngine=net.engine --stronglyTyped --skipInference" {
		t.Errorf("called with %q", got)
	}
	text, err := os.ReadFile(build)
	if err != nil || !strings.HasPrefix(string(text), strings.TrimSuffix(recipeText, "\n}\n")) || !json.Valid(text) {
		t.Fatalf("%v\n%s", err, text)
	}
	b := readBuilt(build)
	if b == nil || b.GPU != (GPU{"NVIDIA A10", "8.6", "580.1"}) || b.TensorRT != "10.3.0" || b.By != "trtexec" || len(b.Model) != 64 {
		t.Errorf("noted %+v", b)
	}
}

// TestEarlier: an engine is taken over where everything is as it was, and built
// again with the reason where it is not.
func TestEarlier(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, tool *Tool, build, earlier string)
		want   string
	}{
		"same": {func(*testing.T, *Tool, string, string) {}, ""},
		"GPU": {
			func(_ *testing.T, tool *Tool, _, _ string) { tool.GPU = GPU{"NVIDIA H100", "9.0", "580.1"} },
			"built for NVIDIA A10 (compute capability 8.6); here is NVIDIA H100 (9.0)",
		},
		"version": {
			func(t *testing.T, tool *Tool, _, _ string) { replace(t, tool.Path, "v100300", "v110200") },
			"built by TensorRT 10.3.0; here is 11.2.0",
		},
		"model": {func(t *testing.T, _ *Tool, build, _ string) {
			replace(t, filepath.Join(filepath.Dir(build), "net.onnx"), "model", "other")
		}, "another model"},
		"flags": {func(t *testing.T, _ *Tool, build, _ string) {
			replace(t, build, `net.engine"],`, `net.engine", "--x"],`)
		}, "other sizes or flags"},
		"engine": {func(t *testing.T, _ *Tool, _, earlier string) {
			replace(t, filepath.Join(filepath.Dir(earlier), "net.engine"), "engine", "cut")
		}, "not the one"},
	} {
		t.Run(name, func(t *testing.T) {
			tool, earlier, build := fake(t, works), folder(t), folder(t)
			if _, err := Build(t.Context(), tool, earlier, "", nil); err != nil {
				t.Fatal(err)
			}
			c.change(t, tool, build, earlier)
			res, err := Build(t.Context(), tool, build, earlier, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(res.Why, c.want) || res.Reused != (c.want == "") || (res.Why == "") != (c.want == "") {
				t.Errorf("%+v, want %q", res, c.want)
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(build), "args")); (err != nil) != res.Reused {
				t.Errorf("reused %v, but the program ran: %v", res.Reused, err == nil)
			}
			if got, err := os.ReadFile(filepath.Join(filepath.Dir(build), "net.engine")); err != nil || string(got) != "engine\n" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func replace(t *testing.T, path, old, now string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), old) {
		t.Fatalf("%s: %v", path, err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), old, now, 1)), st.Mode()); err != nil {
		t.Fatal(err)
	}
}

func TestBuildFails(t *testing.T) {
	build := folder(t)
	_, err := Build(t.Context(), fake(t, "echo '[E] [TRT] ModelImporter.cpp: node conv: no'\necho half > net.engine\nexit 1\n"), build, "", nil)
	var refused *runtimes.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Text, "node conv: no") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(build), "net.engine")); err == nil {
		t.Error("half an engine is left")
	}
	var crash *runtimes.CrashError
	if _, err := Build(t.Context(), fake(t, "kill -SEGV $$\n"), folder(t), "", nil); !errors.As(err, &crash) {
		t.Errorf("got %v", err)
	}
	if _, err := Build(t.Context(), fake(t, "exit 0\n"), folder(t), "", nil); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

func TestBuildCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := Build(ctx, fake(t, "echo '[I] Start parsing network model.'\nexec sleep 60\n"), folder(t), "", func(float64, string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// provider stands for ONNX Runtime: it leaves engines where it is told to.
type provider struct {
	runtimes.Runtime
	engines  int
	settings map[string]string
	err      error
}

type closed struct{ runtimes.Session }

func (closed) Close() error { return nil }

func (p *provider) Check(context.Context) error { return nil }
func (p *provider) Info() runtimes.Info         { return runtimes.Info{Version: "1.31.1"} }

func (p *provider) Open(_ context.Context, _ runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	p.settings = o.Extra
	if p.err != nil || o.Device != "TensorRT" {
		return nil, p.err
	}
	for i := range p.engines {
		if err := os.WriteFile(filepath.Join(o.Extra["trt_engine_cache_path"], string(rune('a'+i))+".engine"), []byte("engine"), 0o600); err != nil {
			return nil, err
		}
	}
	return closed{}, nil
}

func TestProvider(t *testing.T) {
	p := &provider{engines: 1}
	res, err := Build(t.Context(), &Provider{Runtime: p, GPU: GPU{Name: "NVIDIA A10"}}, folder(t), "", nil)
	if err != nil || len(res.Files) != 2 {
		t.Fatal(res, err)
	}
	for key, want := range map[string]string{
		"trt_profile_min_shapes": "a:1,x:1x3", "trt_profile_opt_shapes": "a:1,x:8x3", "trt_profile_max_shapes": "a:1,x:32x3",
		"trt_fp16_enable": "1", "trt_int8_enable": "1", "trt_engine_cache_enable": "1",
	} {
		if p.settings[key] != want {
			t.Errorf("%s is %q, want %q", key, p.settings[key], want)
		}
	}
	var refused *runtimes.RefusedError
	for _, n := range []int{0, 2} {
		if _, err := Build(t.Context(), &Provider{Runtime: &provider{engines: n}}, folder(t), "", nil); !errors.As(err, &refused) {
			t.Errorf("%d engines: %v", n, err)
		}
	}
	var missing *runtimes.NotAvailableError
	without := &provider{err: &runtimes.NotAvailableError{Runtime: "ort", Reason: "built without"}}
	if _, err := Build(t.Context(), &Provider{Runtime: without}, folder(t), "", nil); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}

// TestFind runs with programs of its own in place of the system's.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	was := places
	defer func() { places = was }()
	places = nil
	var missing *runtimes.NotAvailableError
	if _, err := Find(t.Context(), nil); !errors.As(err, &missing) || !strings.Contains(missing.Reason, "no NVIDIA GPU") {
		t.Errorf("got %v", err)
	}
	program := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program("nvidia-smi", "echo 'No devices were found'; exit 6")
	if _, err := Find(t.Context(), nil); !errors.As(err, &missing) || !strings.Contains(missing.Reason, "No devices were found") {
		t.Errorf("got %v", err)
	}
	program("nvidia-smi", "echo 'NVIDIA A10, 8.6, 580.1'; echo 'NVIDIA A2, 8.6, 580.1'")
	if _, err := Find(t.Context(), nil); !errors.As(err, &missing) || !strings.Contains(missing.Reason, "trtexec is not there") {
		t.Errorf("got %v", err)
	}
	if b, err := Find(t.Context(), &provider{}); err != nil || b.gpu() != (GPU{"NVIDIA A10", "8.6", "580.1"}) {
		t.Errorf("%v, %v", b, err)
	} else if _, ok := b.(*Provider); !ok {
		t.Errorf("got %T", b)
	}
	program("trtexec", "exit 0")
	if b, err := Find(t.Context(), &provider{}); err != nil {
		t.Error(err)
	} else if tool, ok := b.(*Tool); !ok || tool.Path != filepath.Join(dir, "trtexec") {
		t.Errorf("%+v", b)
	}
}

func TestSpell(t *testing.T) {
	for digits, want := range map[string]string{"100300": "10.3.0", "8601": "8.6.1", "110200": "11.2.0", "101303": "10.13.3"} {
		if got := spell(digits); got != want {
			t.Errorf("%s: %s, want %s", digits, got, want)
		}
	}
}
