package pipeline

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"slipway/conversion/plan"
	"slipway/conversion/tensor"
	"slipway/profiler/verify"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

// samples are random inputs and, where the task is known, pictures. An int8
// artefact holds in the ranges it was calibrated for, so it is compared on
// pictures alone where there are some: those given, or some of its calibration.
//
// Sizes that the model leaves open vary, which the second result tells, unless
// there is no artefact to hold at them.
func (e *Env) samples(ctx context.Context, q Request, src, art verify.Side) ([][]*tensor.Tensor, bool, error) {
	s, err := src.Runtime.Open(ctx, src.Model, runtimes.Options{})
	if err != nil {
		return nil, false, err
	}
	ios, outs := s.Inputs(), s.Outputs()
	s.Close()
	varied := art.Runtime != nil && verify.Open(ios)
	var fixed []runtimes.IO
	if varied {
		if s, err := art.Runtime.Open(ctx, art.Model, runtimes.Options{}); err == nil {
			fixed = s.Inputs()
			s.Close()
		} else {
			varied = false // the comparison will say why
		}
	}
	dims := map[string][]int{}
	for name, d := range q.Recipe.InputShapes {
		for _, n := range d {
			dims[name] = append(dims[name], int(n))
		}
	}
	n := q.Recipe.Samples
	if n <= 0 {
		n = plan.Default().Samples
	}
	t, known := q.Task, q.Task != nil && q.Task.Kind != task.Generic
	if !known {
		t, _ = task.Guess(ios, outs)
	}
	int8 := q.Recipe.Precision == "int8"
	var pictures [][]*tensor.Tensor
	// Where the task is not known, calibration guessed it as it is guessed here.
	if t != nil && (known || int8) && len(ios) == 1 {
		paths := q.Pictures
		if len(paths) == 0 && int8 {
			paths = somePictures(q.Recipe.Quantize.Calibration, n)
		}
		if pictures, err = prepare(paths, t, ios[0].DType); err != nil {
			return nil, false, err
		}
	}
	if int8 && len(pictures) == 0 && q.Recipe.Quantize.Calibration != "" && e.Tensors != nil {
		if pictures, err = e.Tensors(q.Recipe.Quantize.Calibration, ios, n); err != nil {
			return nil, false, err
		}
	}
	if int8 && len(pictures) > 0 {
		return pictures, false, nil
	}
	var out [][]*tensor.Tensor
	if varied {
		out, err = verify.VariedSamples(ios, fixed, n, dims, Spans(t, ios)...)
	} else {
		out, err = verify.Samples(ios, n, dims, Spans(t, ios)...)
	}
	return append(out, pictures...), varied, err
}

// tryInputs runs a model on inputs, of which only the error is of interest.
func tryInputs(ctx context.Context, side verify.Side, inputs [][]*tensor.Tensor) error {
	s, err := side.Runtime.Open(ctx, side.Model, runtimes.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	for _, in := range inputs {
		if _, err := s.Run(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// Spans are the values that a picture's elements take in each input; without
// them noise would test a model for raw pixels in nothing but darkness.
func Spans(t *task.Task, ios []runtimes.IO) []verify.Span {
	if t == nil || t.Kind == task.Generic || len(ios) == 0 {
		return nil
	}
	out := make([]verify.Span, len(ios))
	lo, hi := t.Input.Span()
	out[t.MatchInput(ios)] = verify.Span{Low: lo, High: hi}
	return out
}

// prepare turns pictures into inputs; those that cannot be read are left out,
// as whoever lists them reports that.
func prepare(paths []string, t *task.Task, d tensor.DType) ([][]*tensor.Tensor, error) {
	var out [][]*tensor.Tensor
	for _, p := range paths {
		img, err := task.DecodeFile(p)
		if err != nil {
			continue
		}
		x, _, err := t.Prepare(img)
		if err != nil {
			return nil, err
		}
		if x, err = task.As(x, d); err != nil {
			return nil, err
		}
		out = append(out, []*tensor.Tensor{x})
	}
	return out, nil
}

// somePictures lists the first n pictures, coded or raw (.bin), in a folder and
// those below it, as calibration reads them.
func somePictures(dir string, n int) []string {
	var out []string
	if dir == "" {
		return nil
	}
	_ = filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (task.IsPicture(p) || strings.EqualFold(filepath.Ext(p), ".bin")) {
			out = append(out, p)
		}
		if len(out) == n {
			return filepath.SkipAll
		}
		return nil
	})
	return out
}
