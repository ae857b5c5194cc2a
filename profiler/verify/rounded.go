package verify

import (
	"context"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// yardstick is the source with rounded weights, run when first asked for.
type yardstick struct {
	c    Config
	done bool
	outs [][]*tensor.Tensor
}

// difference is how far rounding the weights moves an output of a sample from
// want; nil where that is not known.
func (y *yardstick) difference(ctx context.Context, sample, output int, want *tensor.Tensor) (*Difference, error) {
	if y.c.Rounded == nil {
		return nil, nil
	}
	if !y.done {
		y.done = true
		if path, remove, err := y.c.Rounded(ctx); err == nil {
			side := y.c.Source
			side.Model.Path = path
			y.outs, err = runAll(ctx, side, y.c.Samples, runtimes.Options{Threads: y.c.Threads})
			remove()
			if err != nil {
				y.outs = nil
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if sample >= len(y.outs) || output >= len(y.outs[sample]) {
		return nil, nil
	}
	d, err := Compare(y.outs[sample][output], want)
	if err != nil {
		return nil, nil
	}
	return &d, nil
}

// explained reports whether d is the effect of rounding, y, and no more: noise
// within 6 dB of it and no element off by more than three times its largest
// error, on a model that rounding leaves recognisable.
func explained(d, y Difference) bool {
	const recognisable = 0.97
	return d.Bad == 0 && y.Bad == 0 && y.Cosine >= recognisable && d.Cosine >= recognisable &&
		d.SQNR >= y.SQNR-6 && d.MaxAbs <= 3*y.MaxAbs
}
