package verify

import "math"

// Tolerance is where a precision's verdicts change. Relative bounds the largest
// error over the output's range; Cosine is the least cosine similarity, SQNR
// the least signal-to-noise ratio in dB. All bounds of a verdict must hold.
type Tolerance struct {
	MatchRelative, DriftRelative float64
	MatchCosine, DriftCosine     float64
	MatchSQNR, DriftSQNR         float64
	// Floor is the share of the largest number that a range is held to have at least,
	// beyond leastRange: what lies closer together the precision cannot tell apart.
	Floor float64
}

// Tolerances by precision (FORMATS.md §9: fp32 1e-4, fp16 1e-2 relative, int8
// cosine above 0.99 and SQNR of about 20 dB).
var Tolerances = map[string]Tolerance{
	"fp32": {1e-4, 1e-2, 0.9999, 0.999, 0, 0, 0},
	"fp16": {1e-2, 1e-1, 0.999, 0.99, 0, 0, 0.4},
	"int8": {math.Inf(1), math.Inf(1), 0.99, 0.90, 17, 5, 0},
	// Of a source that computes in bfloat16, whose eight bits round each of its results.
	BFloat16: {5e-2, 2e-1, 0.999, 0.99, 0, 0, 0.4},
	// Of a source that computes in integers: some elements are a step away, and what
	// follows from them.
	Steps: {3e-2, 1e-1, 0.999, 0.99, 25, 15, 0},
}

// How a source rounds between its layers.
const (
	Steps    = "steps" // to integers
	BFloat16 = "bf16"
)

// coarser is the tolerance of how the source rounds inside, where t, by which the
// artefact does not match, is not as loose already.
func (t Tolerance) coarser(c Config) (rounds string, coarse Tolerance, ok bool) {
	if c.Wiring == nil || math.IsInf(t.MatchRelative, 1) {
		return "", t, false
	}
	rounds = c.Wiring.Rounds()
	coarse, ok = Tolerances[rounds]
	return rounds, coarse, ok && t.MatchRelative < coarse.MatchRelative
}

func (t Tolerance) judge(d Difference) string {
	r := d.Relative()
	if held := t.Floor * d.Top; held > d.Range && d.MaxAbs > 0 && d.Bad == 0 {
		r = d.MaxAbs / held
	}
	switch {
	case d.Bad == 0 && r <= t.MatchRelative && d.SQNR >= t.MatchSQNR && (d.Cosine >= t.MatchCosine || d.N == 1):
		return Match
	case d.Bad == 0 && r <= t.DriftRelative && d.SQNR >= t.DriftSQNR && (d.Cosine >= t.DriftCosine || d.N == 1):
		return Drift
	}
	return Mismatch
}
