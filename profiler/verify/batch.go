package verify

import (
	"context"
	"slices"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// batchOf is the fixed batch that a model takes where the samples are of one:
// 1 where they fit as they are, or where it is not the batch that differs.
func batchOf(in []*tensor.Tensor, ios []runtimes.IO) int {
	batch := 1
	for i, t := range in {
		s := t.Shape()
		if i >= len(ios) || len(s) == 0 || len(ios[i].Shape) != len(s) || s[0] != 1 {
			return 1
		}
		n := ios[i].Shape[0]
		if n <= 1 || batch > 1 && n != batch {
			return 1
		}
		batch = n
	}
	return batch
}

// runBatched runs samples of a batch of one on a model of a larger fixed batch:
// so many at once, the first ones again where the last batch is not full, and
// takes each sample's part of the outputs.
func runBatched(ctx context.Context, ses runtimes.Session, samples [][]*tensor.Tensor, batch int) ([][]*tensor.Tensor, error) {
	out := make([][]*tensor.Tensor, 0, len(samples))
	for first := 0; first < len(samples); first += batch {
		in := make([]*tensor.Tensor, len(samples[first]))
		for i := range in {
			parts := make([]*tensor.Tensor, batch)
			for k := range parts {
				parts[k] = samples[(first+k)%len(samples)][i]
			}
			var err error
			if in[i], err = stack(parts); err != nil {
				return nil, err
			}
		}
		fit, err := Fit(in, ses.Inputs())
		if err != nil {
			return nil, err
		}
		res, err := ses.Run(ctx, fit)
		if err != nil {
			return nil, err
		}
		for k := range min(batch, len(samples)-first) {
			one := make([]*tensor.Tensor, len(res))
			for o, t := range res {
				if one[o], err = part(t, k, batch); err != nil {
					return nil, err
				}
			}
			out = append(out, one)
		}
	}
	return out, nil
}

// stack joins tensors of one type and shape [1,...] along the first dimension.
func stack(parts []*tensor.Tensor) (*tensor.Tensor, error) {
	var data []byte
	for _, p := range parts {
		data = append(data, p.Bytes()...)
	}
	shape := slices.Clone(parts[0].Shape())
	shape[0] = len(parts)
	return tensor.FromBytes(parts[0].DType(), shape, data)
}

// part is element k of the first dimension, as a batch of one; a tensor that
// has no batch stays whole.
func part(t *tensor.Tensor, k, batch int) (*tensor.Tensor, error) {
	shape := slices.Clone(t.Shape())
	if len(shape) == 0 || shape[0] != batch {
		return t, nil
	}
	size := len(t.Bytes()) / batch
	shape[0] = 1
	return tensor.FromBytes(t.DType(), shape, t.Bytes()[k*size:(k+1)*size])
}
