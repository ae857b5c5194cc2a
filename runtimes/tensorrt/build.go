package tensorrt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"slipway/runtimes"
)

// recipe is what this package reads of NET.build.json.
type recipe struct {
	Model         string             `json:"model"`
	Engine        string             `json:"engine"`
	Precisions    []string           `json:"precisions"`
	Profiles      []map[string]sizes `json:"profiles"`
	Flags         []string           `json:"flags"`
	FlagsBefore11 []string           `json:"flags_before_11"`
	Built         *Built             `json:"built"`
}

type sizes struct{ Min, Opt, Max []int64 }

// Built is what an engine was made with; "built" in NET.build.json.
type Built struct {
	GPU
	TensorRT string  `json:"tensorrt"`
	By       string  `json:"by"` // "trtexec", "ONNX Runtime"
	Seconds  float64 `json:"seconds"`
	Flags    string  `json:"flags"`
	Model    string  `json:"model_sha256"`
	Engine   string  `json:"engine_sha256"`
}

// Result is what Build made.
type Result struct {
	Files  []string // in the build file's folder: the engine, and the build file, which has changed
	Why    string   // an earlier engine was there: why it is of no use, "" where there was none or it is
	Reused bool     // the earlier engine was taken over
}

// Build builds the engine that the file build (NET.build.json) asks for, in its
// folder, and notes there what it was made with. earlier is the build file of an
// engine that stands where the new one will, "" where there is none: an engine
// that fits model, GPU and version is taken over. progress, which may be nil,
// hears stages and a share of the work, which is an estimate. A refusal of
// TensorRT is a *runtimes.RefusedError with what it said; after an error there is
// no engine.
func Build(ctx context.Context, b Builder, build, earlier string, progress func(share float64, stage string)) (*Result, error) {
	if progress == nil {
		progress = func(float64, string) {}
	}
	r, err := readRecipe(build)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(build)
	now := Built{GPU: b.gpu(), By: "trtexec", Flags: strings.Join(r.Flags, " ")}
	if _, ok := b.(*Provider); ok {
		now.By = "ONNX Runtime"
	}
	if now.TensorRT, err = b.version(ctx); err != nil {
		return nil, err
	}
	if now.Model, err = modelSum(filepath.Join(dir, r.Model)); err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	out := &Result{Files: []string{r.Engine, filepath.Base(build)}}
	engine := filepath.Join(dir, r.Engine)
	done := false
	defer func() {
		if !done {
			os.Remove(engine)
		}
	}()
	if was := readBuilt(earlier); was != nil {
		if out.Why = was.stale(now); out.Why == "" {
			from := filepath.Join(filepath.Dir(earlier), r.Engine)
			if sum, err := hash(from); err != nil || sum != was.Engine {
				out.Why = "the engine that was there is not the one that its build file tells of"
			} else if err := copyFile(from, engine); err != nil {
				return nil, fmt.Errorf("tensorrt: %w", err)
			} else {
				now, out.Reused = *was, true
			}
		}
	}
	if !out.Reused {
		start := time.Now()
		if err := b.make(ctx, dir, *r, progress); err != nil {
			var told *runtimes.RefusedError
			var crash *runtimes.CrashError
			var missing *runtimes.NotAvailableError
			if ctx.Err() != nil || errors.As(err, &told) || errors.As(err, &crash) || errors.As(err, &missing) {
				return nil, err
			}
			return nil, fmt.Errorf("tensorrt: %w", err)
		}
		now.Seconds = time.Since(start).Seconds()
		if now.Engine, err = hash(engine); err != nil {
			return nil, fmt.Errorf("tensorrt: %w", err)
		}
	}
	if err := note(build, now); err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	done = true
	return out, nil
}

func readRecipe(path string) (*recipe, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	r := &recipe{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("tensorrt: %s: %w", path, err)
	}
	if !filepath.IsLocal(r.Engine) || !filepath.IsLocal(r.Model) || len(r.Flags) == 0 {
		return nil, fmt.Errorf("tensorrt: %s names no model and engine beside it", path)
	}
	return r, nil
}

// readBuilt is what a build file tells of its engine; nil where it tells nothing,
// which explains nothing either.
func readBuilt(path string) *Built {
	if path == "" {
		return nil
	}
	r, err := readRecipe(path)
	if err != nil {
		return nil
	}
	return r.Built
}

// stale says why the engine that was built so is of no use where another would be
// built as now; "" where it is.
func (was *Built) stale(now Built) string {
	switch {
	case was.Name != now.Name || was.Compute != now.Compute:
		return fmt.Sprintf("the engine was built for %s (compute capability %s); here is %s (%s)", was.Name, was.Compute, now.Name, now.Compute)
	case was.TensorRT != now.TensorRT:
		return fmt.Sprintf("the engine was built by TensorRT %s; here is %s, which reads no other's", was.TensorRT, now.TensorRT)
	case was.Model != now.Model:
		return "the engine was built from another model or precision"
	case was.Flags != now.Flags:
		return "the engine was built with other sizes or flags"
	}
	return ""
}

// note puts what the engine was built with into the build file, whose other
// fields stay as they are.
func note(path string, b Built) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	built, err := json.MarshalIndent(b, "  ", "  ")
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	if _, ok := fields["built"]; ok {
		return fmt.Errorf("%s tells of an engine already", path)
	}
	body := strings.TrimRight(strings.TrimSuffix(strings.TrimSpace(string(text)), "}"), " \n\t")
	return os.WriteFile(path, fmt.Appendf(nil, "%s,\n  \"built\": %s\n}\n", body, built), 0o644)
}

// there reports the engine's absence after a run that went well.
func there(dir string, r recipe, said string) error {
	if st, err := os.Stat(filepath.Join(dir, r.Engine)); err != nil || st.Size() == 0 {
		return runtimes.Refuse(Name, "build the engine", "it ended without one: %s", said)
	}
	return nil
}

func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
