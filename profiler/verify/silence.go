package verify

import (
	"math"

	"slipway/conversion/tensor"
)

// mostInSilence is the largest error beside what other samples give that silence takes.
const mostInSilence = 1e-2

// silence is for a sample whose output is zeros alone, which has no direction and no
// signal to hold noise against: an error that is as good as nothing beside the loudest
// number that other samples give is none.
func (t Tolerance) silence(d *Difference, loudest float64) {
	if d.Bad == 0 && d.MaxAbs <= min(t.MatchRelative, mostInSilence)*loudest {
		d.Range, d.Cosine, d.SQNR = loudest, 1, math.Inf(1)
	}
}

// loudest is the largest finite magnitude of output o in all samples.
func loudest(all [][]*tensor.Tensor, o int) (top float64) {
	for _, outs := range all {
		if o >= len(outs) || outs[o].DType() == tensor.String {
			continue
		}
		for _, x := range outs[o].Float64s() {
			if a := math.Abs(x); a > top && !math.IsInf(a, 0) {
				top = a
			}
		}
	}
	return top
}
