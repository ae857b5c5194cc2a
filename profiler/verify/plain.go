package verify

import (
	"context"
	"fmt"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// plainly runs the artefact on a sample with the runtime's plain kernels and says
// so where they give what the source gives: the artefact is right then, and the
// difference is what the runtime's fast kernels round. It is "" where that is not
// so, or the runtime has no plain kernels; less than a quarter of the error of
// the fast ones, which gave fast, is asked of them.
func plainly(ctx context.Context, c Config, sample int, fast, want []*tensor.Tensor, tol Tolerance) (string, error) {
	if c.Artefact.Plain { // which is what ran
		return "", nil
	}
	got, err := runAll(ctx, c.Artefact, c.Samples[sample:sample+1], runtimes.Options{Threads: c.Threads, NoOptimize: true})
	if err != nil || len(got[0]) != len(want) {
		return "", ctx.Err()
	}
	worst, before := 0.0, 0.0
	for o, y := range got[0] {
		d, err := Compare(y, want[o])
		if err != nil || tol.judge(d) != Match {
			return "", nil
		}
		worst = max(worst, d.Relative())
		if d, err = Compare(fast[o], want[o]); err == nil {
			before = max(before, d.Relative())
		}
	}
	if worst > before/4 {
		return "", nil
	}
	return fmt.Sprintf("; with the runtime's plain kernels it is %.2g: the fast ones are what differs", worst), nil
}
