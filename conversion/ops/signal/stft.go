package signal

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// stftDef's signal is [batch][length][1 or 2], its result [batch][frame][bin][2].
var stftDef = &op.Def{
	Name: "STFT", Doc: "Computes discrete Fourier transforms of the frames of a signal, weighted by a window.", Family: family,
	Inputs: op.Opt(op.In("signal", "frame_step"), "window", "frame_length"), Outputs: op.In("output"),
	Attrs:     []op.Attr{{Name: "onesided", Kind: op.Int, Default: int64(1)}},
	Infer:     inferSTFT,
	Eval:      evalSTFT,
	Decompose: decomposeSTFT,
	Tol:       op.Accumulating,
}

func inferSTFT(c *op.InferCtx) error {
	s, d := c.InShape(0), c.InType(0)
	if d != tensor.Invalid && !d.IsFloat() {
		return fmt.Errorf("is not defined for %v", d)
	}
	if s != nil && len(s) != 3 {
		return fmt.Errorf("signal %v is not [batch][length][parts]", s)
	}
	out := kernel.FreshShape(c.Out(0), 4)
	out[3] = ir.Static(2)
	if s != nil {
		out[0] = s[0]
	}
	var frame ir.Dim
	known := false
	if c.In(3) != nil {
		frame, known = one(c, 3)
	} else if w := c.InShape(2); len(w) == 1 {
		frame, known = w[0], true
	}
	if known {
		out[2] = frame
		if c.Int("onesided", 1) != 0 {
			out[2] = frame.FloorDiv(2).AddInt(1)
		}
		if step, ok := asInt(one(c, 1)); ok && step > 0 && s != nil {
			out[1] = s[1].Sub(frame).FloorDiv(step).AddInt(1)
			if n, static := out[1].Int(); static && n < 0 {
				return fmt.Errorf("frames of %v are longer than the signal %v", frame, s)
			}
		}
	}
	c.Set(0, d, out)
	return nil
}

func evalSTFT(c *op.EvalCtx) error {
	x := c.Arg(0)
	if x == nil || !x.DType().IsFloat() || x.Rank() != 3 {
		return fmt.Errorf("wants a signal of floats with three dimensions")
	}
	step, err := whole(c, 1)
	if err != nil {
		return err
	}
	frame := int64(-1)
	if c.Arg(3) != nil {
		if frame, err = whole(c, 3); err != nil {
			return err
		}
	}
	weights, err := weightsOf(c.Arg(2), &frame)
	if err != nil {
		return err
	}
	batch, length, parts := x.Shape()[0], x.Shape()[1], x.Shape()[2]
	if step <= 0 || frame <= 0 || frame > int64(length) {
		return fmt.Errorf("frames of %d in steps of %d do not fit a signal of %d", frame, step, length)
	}
	p := plan{half: c.Int("onesided", 1) != 0, axis: 1, parts: parts}
	if parts != 1 && parts != 2 {
		return fmt.Errorf("the signal has %d parts, not 1 or 2", parts)
	}
	n := int(frame)
	count := (length-n)/int(min(step, int64(length))) + 1
	bins := n
	if p.half {
		bins = n/2 + 1
	}
	shape := []int{batch, count, bins, 2}
	if err := kernel.CheckSize(tensor.Float64, []int{batch, count, n, 2}); err != nil {
		return err
	}
	v := x.Float64s()
	cut := make([]float64, batch*count*n*parts)
	for b := range batch {
		for f := range count {
			from := v[(b*length+f*int(step))*parts:][:n*parts]
			to := cut[(b*count+f)*n*parts:]
			for i, s := range from {
				to[i] = s * weights[i/parts]
			}
		}
	}
	y := p.compute(cut, []int{batch * count, n, parts}, n, bins)
	c.Out[0], err = tensor.FromFloat64s(x.DType(), y, shape...)
	return err
}

// weightsOf are the window's elements, ones without a window; frame is its length
// where that is not given.
func weightsOf(w *tensor.Tensor, frame *int64) ([]float64, error) {
	if w == nil {
		if *frame <= 0 || *frame > 1<<26 {
			return nil, fmt.Errorf("frame_length %d is out of range, and there is no window", *frame)
		}
		v := make([]float64, *frame)
		for i := range v {
			v[i] = 1
		}
		return v, nil
	}
	if w.Rank() != 1 || !w.DType().IsFloat() {
		return nil, fmt.Errorf("window %v%v is no list of floats", w.DType(), w.Shape())
	}
	if *frame < 0 {
		*frame = int64(w.Len())
	}
	if *frame != int64(w.Len()) {
		return nil, fmt.Errorf("frame_length %d is not that of the window, %d", *frame, w.Len())
	}
	return w.Float64s(), nil
}

// decomposeSTFT is a convolution along the signal whose kernels are the rows of
// the transform's matrix, weighted by the window.
func decomposeSTFT(b *op.Builder) ([]*ir.Value, error) {
	x := b.In(0)
	no := func(why string) ([]*ir.Value, error) {
		return nil, fmt.Errorf("STFT %s: %w", why, op.ErrNoDecomposition)
	}
	if len(x.Shape) != 3 {
		return no("of a signal of unknown rank")
	}
	parts, ok := x.Shape[2].Int()
	if !ok || parts != 1 && parts != 2 {
		return no("of an unknown number of parts")
	}
	step, ok := constant(b.Node, 1)
	if !ok || step <= 0 {
		return no("in steps that are not constant")
	}
	frame := int64(-1)
	if b.In(3) != nil {
		if frame, ok = constant(b.Node, 3); !ok {
			return no("of frames whose length is not constant")
		}
	}
	var win *tensor.Tensor
	if w := b.In(2); w != nil {
		if win = w.Const; win == nil {
			return no("with a window that is not constant")
		}
	}
	weights, err := weightsOf(win, &frame)
	if err != nil {
		return nil, err
	}
	p := plan{half: b.Int("onesided", 1) != 0, axis: 1, parts: int(parts)}
	n := int(frame)
	bins := n
	if p.half {
		bins = n/2 + 1
	}
	m, err := p.matrix(tensor.Float64, n, n, bins)
	if err != nil {
		return nil, err
	}
	// From [sample, part][bin, part] to [bin, part][part][sample].
	src, dst, cols := m.Float64s(), make([]float64, m.Len()), bins*2
	for i := range n {
		for a := range p.parts {
			for k := range cols {
				dst[(k*p.parts+a)*n+i] = src[(i*p.parts+a)*cols+k] * weights[i]
			}
		}
	}
	kernels, err := tensor.FromFloat64s(x.DType, dst, cols, p.parts, n)
	if err != nil {
		return nil, err
	}
	turn := ir.Attrs{"perm": []int64{0, 2, 1}}
	y := b.Op("Conv", ir.Attrs{"strides": []int64{step}, "kernel_shape": []int64{frame}}, b.Op("Transpose", turn, x), b.Const(kernels))
	y = b.Op("Transpose", turn.Clone(), y)
	return []*ir.Value{b.Op("Reshape", nil, y, b.Ints(0, 0, int64(bins), 2))}, nil
}
