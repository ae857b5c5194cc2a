package local

import (
	"context"
	"encoding/json"
	"fmt"

	"slipway/project/pipeline"
	"slipway/runtimes"
	"slipway/runtimes/all"
	"slipway/runtimes/library"
	"slipway/runtimes/tensorrt"
)

// jobEngine is the kind of job that builds a TensorRT engine.
const jobEngine = "engine"

// engineJob is what an engine's worker is told.
type engineJob struct {
	Build   string `json:"build"`
	Earlier string `json:"earlier,omitempty"`
	ORT     string `json:"ort,omitempty"` // the library of ONNX Runtime, "" where there is none
}

// engineProgress is what it tells on its way.
type engineProgress struct {
	Share float64 `json:"share"`
	Stage string  `json:"stage"`
}

// buildEngine builds a TensorRT engine with what this machine has, in a worker
// process of its own: cancelling ends it and the program that it runs.
func (m *Machine) buildEngine(ctx context.Context, build, earlier string, progress func(float64, string)) (*pipeline.Built, error) {
	if err := tensorrt.Likely(); err != nil {
		return nil, err
	}
	j := engineJob{Build: build, Earlier: earlier}
	if f, err := library.Find(all.Library("ort")); err == nil {
		j.ORT = f.Path
	}
	payload, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	w, err := m.start(ctx, m.config)
	if err != nil {
		return nil, err
	}
	defer m.end(w)
	out, err := w.Job(ctx, jobEngine, payload, func(b []byte) {
		var p engineProgress
		if json.Unmarshal(b, &p) == nil {
			progress(p.Share, p.Stage)
		}
	})
	if err != nil {
		return nil, err
	}
	res := &pipeline.Built{}
	if err := json.Unmarshal(out, res); err != nil {
		return nil, fmt.Errorf("local: the worker's engine: %w", err)
	}
	return res, nil
}

// engine runs in the worker process.
func engine(ctx context.Context, payload []byte, progress func([]byte)) ([]byte, error) {
	var j engineJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	var provider runtimes.Runtime
	if j.ORT != "" {
		var err error
		if provider, err = all.Direct("ort", j.ORT); err != nil {
			return nil, err
		}
	}
	b, err := tensorrt.Find(ctx, provider)
	if err != nil {
		return nil, err
	}
	res, err := tensorrt.Build(ctx, b, j.Build, j.Earlier, func(share float64, stage string) {
		if b, err := json.Marshal(engineProgress{share, stage}); err == nil {
			progress(b)
		}
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(pipeline.Built{Files: res.Files, Why: res.Why, Reused: res.Reused})
}
