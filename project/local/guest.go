package local

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"slipway/conversion/diag"
	opsall "slipway/conversion/ops/all"
	"slipway/conversion/plan"
	sourceall "slipway/conversion/source/all"
	targetall "slipway/conversion/target/all"
	"slipway/project/pipeline"
	"slipway/runtimes/all"
	"slipway/runtimes/task"
	"slipway/runtimes/worker/guest"
)

// jobConvert is the kind of job that runs a conversion.
const jobConvert = "convert"

// job is what a conversion's worker is told.
type job struct {
	Request plan.Request `json:"request"`
	Task    *task.Task   `json:"task,omitempty"`
}

// Guest is what a worker process of this program can do.
func Guest() guest.Guest {
	return guest.Guest{Open: all.Direct, Jobs: map[string]guest.JobFunc{jobConvert: convert, jobEngine: engine}}
}

// convert runs in the worker process.
func convert(ctx context.Context, payload []byte, progress func([]byte)) ([]byte, error) {
	var j job
	if err := json.Unmarshal(payload, &j); err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	env := plan.Env{Registry: opsall.Registry(), Open: sourceall.Open, Target: targetall.Get, Targets: targetall.Targets(), Calibrate: &calibrator{j.Task}}
	rep, err := plan.Run(ctx, j.Request, env, func(e plan.Event) {
		if b, err := json.Marshal(e); err == nil {
			progress(b)
		}
	})
	if err != nil {
		// The folder that it writes into is a private one of the folder that it is for.
		f := pipeline.Unwritten(filepath.Dir(j.Request.Dir), err)
		if f == nil {
			return nil, err
		}
		rep = &plan.Report{Model: j.Request.Model, Target: j.Request.Target, Findings: diag.List{f}}
	}
	return json.Marshal(rep)
}
