package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	opsall "slipway/conversion/ops/all"
	"slipway/conversion/pass/legalize"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/plan"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
	"slipway/runtimes"
	"slipway/runtimes/library"
	"slipway/runtimes/ort"
	"slipway/runtimes/reference"
	"slipway/runtimes/task"
	"slipway/scratch"
)

// calibrator runs calibration graphs inside the conversion's worker process, on
// ONNX Runtime where it is installed and else on the reference arithmetic. task
// says how pictures become inputs; nil: not known.
type calibrator struct {
	task *task.Task
}

var _ plan.Calibrator = (*calibrator)(nil)

var _ quantize.Narrow = (*calibrator)(nil)

// Open prepares g for calibration.
func (c *calibrator) Open(ctx context.Context, g *ir.Graph) (quantize.Running, error) {
	return c.open(ctx, g, 0)
}

// OpenNarrow prepares g for few inputs: it loads the graph once and uses one core.
func (c *calibrator) OpenNarrow(ctx context.Context, g *ir.Graph) (quantize.Running, error) {
	return c.open(ctx, g, 1)
}

// open prepares g for so many lanes and threads; 0: as many as fit the machine.
func (c *calibrator) open(ctx context.Context, g *ir.Graph, lanes int) (quantize.Running, error) {
	lib, err := library.Find("onnxruntime")
	if err != nil {
		p, err := reference.Prepare(g, opsall.Registry(), g.Outputs)
		if err != nil {
			return nil, err
		}
		return slow{p}, nil
	}
	dir, remove, err := scratch.Dir("calibrate")
	if err != nil {
		return nil, err
	}
	o := target.Options{Name: "calibration", Precision: "fp32", Registry: opsall.Registry()}
	// Passes give operators that not every target has; ONNX files take them apart again.
	plain := g.Clone()
	if found := legalize.Run(ctx, plain, o.Registry, onnx.Target{}, o); found.Err() != nil {
		remove()
		return nil, found
	}
	a, err := onnx.Target{}.Write(ctx, plain, dir, o)
	if err != nil {
		remove()
		return nil, err
	}
	f := &fast{remove: remove, free: make(chan runtimes.Session, maxLanes)}
	m := runtimes.Model{Path: filepath.Join(dir, a.Files[0]), Format: "onnx"}
	threads, rt := lanes, ort.New(lib.Path)
	if lanes == 0 {
		lanes = lanesFor(m.Path)
		threads = max(1, runtime.GOMAXPROCS(0)/lanes)
	}
	for range lanes {
		// Threads that spin while they wait would take the cores from other lanes.
		s, err := rt.Open(ctx, m, runtimes.Options{
			Threads: threads, Extra: map[string]string{"session.intra_op.allow_spinning": "0"},
		})
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.lanes = append(f.lanes, s)
		f.free <- s
	}
	return f, nil
}

// Whole inputs side by side use cores better than the threads of one run, but
// each lane has the weights in memory once more.
const (
	maxLanes     = 4
	oneLaneAbove = 512 << 20 // bytes of model
)

func lanesFor(path string) int {
	if st, err := os.Stat(path); err != nil || st.Size() > oneLaneAbove {
		return 1
	}
	return min(maxLanes, runtime.GOMAXPROCS(0))
}

// fast is some sessions of ONNX Runtime on one model, and what removes its file.
type fast struct {
	remove func()
	lanes  []runtimes.Session
	free   chan runtimes.Session
}

var _ quantize.Wide = (*fast)(nil)

// Lanes is how many goroutines may call Run at a time.
func (f *fast) Lanes() int { return len(f.lanes) }

func (f *fast) Run(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	s := <-f.free
	defer func() { f.free <- s }()
	return s.Run(ctx, in)
}

func (f *fast) Close() error {
	var errs []error
	for _, s := range f.lanes {
		errs = append(errs, s.Close())
	}
	f.remove()
	return errors.Join(errs...)
}

// slow evaluates the graph by the operators' reference arithmetic.
type slow struct{ p *reference.Program }

func (s slow) Run(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	return s.p.Run(ctx, in, reference.Hooks{})
}

func (slow) Close() error { return nil }

// Inputs yields inputs made of the pictures, or of the .npy and .npz files, in
// folder and the folders below it. Where there are more than limit, they are
// taken at even distances from the sorted list, so that every class of a
// labelled folder has its share.
func (c *calibrator) Inputs(ctx context.Context, g *ir.Graph, folder string, limit int) (quantize.Batches, error) {
	tensors, pictures, err := pipeline.CalibrationFiles(ctx, folder)
	if err != nil {
		return nil, err
	}
	if len(tensors) > 0 {
		return c.tensorFiles(ctx, g, pipeline.Spread(tensors, limit), limit), nil
	}
	t := c.task
	if t == nil {
		t, _ = task.Guess(ios(g.Inputs), ios(g.Outputs))
	}
	if t == nil {
		return nil, diag.Errorf("quantize.calibration-task", "it is not known how a picture becomes the model's input").
			Suggest("describe it in the model's task file, or give .npy tensors")
	}
	return pictureInputs(ctx, g, t, pipeline.Spread(pictures, limit)), nil
}

// Random yields inputs like those that verification makes, and none of them.
func (c *calibrator) Random(g *ir.Graph, n int) (quantize.Batches, error) {
	in := ios(g.Inputs)
	t := c.task
	if t == nil || t.Kind == task.Generic {
		t, _ = task.Guess(in, ios(g.Outputs))
	}
	const verified = 4 // the first ones, of which some are one number throughout
	all, err := verify.Samples(in, verified+n, nil, pipeline.Spans(t, in)...)
	if err != nil {
		return nil, err
	}
	return func(yield func([]*tensor.Tensor, error) bool) {
		for _, x := range all[verified:] {
			if !yield(x, nil) {
				return
			}
		}
	}, nil
}

func ios(vs []*ir.Value) []runtimes.IO {
	var out []runtimes.IO
	for _, v := range vs {
		io := runtimes.IO{Name: v.Name, DType: v.DType}
		for _, d := range v.Shape {
			n := -1
			if k, ok := d.Int(); ok {
				n = int(k)
			}
			io.Shape = append(io.Shape, n)
		}
		out = append(out, io)
	}
	return out
}

type prepared struct {
	in  []*tensor.Tensor
	err error
}

// pictureInputs decodes ahead of the runtime, a few pictures at a time. A
// picture that cannot be decoded ends the calibration with a finding.
func pictureInputs(ctx context.Context, g *ir.Graph, t *task.Task, files []string) quantize.Batches {
	return func(yield func([]*tensor.Tensor, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		workers := max(1, runtime.GOMAXPROCS(0)/2)
		slots := make([]chan prepared, len(files))
		for i := range slots {
			slots[i] = make(chan prepared, 1)
		}
		ahead := make(chan struct{}, 2*workers)
		go func() {
			for i, f := range files {
				select {
				case ahead <- struct{}{}:
				case <-ctx.Done():
					return
				}
				go func() {
					in, err := pictureInput(g, t, f)
					slots[i] <- prepared{in, err}
				}()
			}
		}()
		for i := range files {
			var p prepared
			select {
			case p = <-slots[i]:
				<-ahead
			case <-ctx.Done():
				p.err = ctx.Err()
			}
			if !yield(p.in, p.err) || p.err != nil {
				return
			}
		}
	}
}

// pictureInput fills the input that pictures go to; a model with further inputs
// needs tensors instead.
func pictureInput(g *ir.Graph, t *task.Task, file string) ([]*tensor.Tensor, error) {
	if f := pipeline.PicturesFill(len(g.Inputs)); f != nil {
		return nil, f
	}
	img, err := task.DecodeFile(file)
	if err != nil {
		return nil, err
	}
	x, _, err := t.Prepare(img)
	if err != nil {
		return nil, err
	}
	if x, err = task.As(x, g.Inputs[0].DType); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return []*tensor.Tensor{x}, nil
}

// tensorFiles yields the inputs in the files: an .npy file holds the only input,
// an .npz file one entry for each input, by name or in order; at most limit.
func (c *calibrator) tensorFiles(ctx context.Context, g *ir.Graph, files []string, limit int) quantize.Batches {
	return func(yield func([]*tensor.Tensor, error) bool) {
		done := 0
		for _, f := range files {
			runs, err := readTensors(f, g.Inputs)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, in := range runs {
				if done++; limit > 0 && done > limit || !yield(in, nil) {
					return
				}
			}
		}
	}
}
