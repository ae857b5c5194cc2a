package main

import (
	"fmt"
	"slices"

	"slipway/conversion/diag"
	"slipway/project/pipeline"
	"slipway/units"
)

// texts are the findings as they are printed.
func texts(l diag.List) []string {
	var out []string
	for _, f := range l {
		out = append(out, f.Error())
	}
	return out
}

// convertText prints the results; what is refused for the same reasons stands once.
func (a *app) convertText(results []*pipeline.Result) {
	for n := 0; len(results) > 0; results = results[n:] {
		n = refused(results)
		r := results[0]
		state, names := "ok", r.Target
		if !r.OK {
			state = "FAILED"
		}
		for _, o := range results[1:n] {
			names += ", " + o.Target
		}
		fmt.Fprintf(a.out, "%s → %s: %s, verdict %s", r.Model, names, state, r.Verify.Verdict)
		if r.Verify.Runtime != "" {
			fmt.Fprintf(a.out, " on %s %s (%d samples, largest error %.2g of the range, cosine %.6f)", r.Verify.Runtime, r.Verify.Version, r.Verify.Samples, r.Verify.MaxRel, r.Verify.Cosine)
		}
		fmt.Fprintln(a.out)
		if n == 1 {
			fmt.Fprintf(a.out, "  open %.2f s, passes %.2f s, write %.2f s, verify %.2f s\n", r.Seconds.Open, r.Seconds.Passes, r.Seconds.Write, r.Seconds.Verify)
		}
		for _, p := range r.Passes {
			if p.Fired > 0 {
				fmt.Fprintf(a.out, "  %-24s %d\n", p.Name, p.Fired)
			}
		}
		for _, f := range r.Artefacts {
			fmt.Fprintf(a.out, "  %s (%s)\n", f.Path, units.Bytes(f.Bytes))
		}
		for _, f := range r.Findings {
			printFinding(a.out, f)
		}
	}
}

// refused are how many of the results, from the first on, are failures to convert
// one model for the same reasons, which nothing was written for: they are told
// together. It is at least 1.
func refused(results []*pipeline.Result) int {
	first := results[0]
	same := func(r *pipeline.Result) bool {
		return !r.OK && len(r.Artefacts) == 0 && r.Model == first.Model && r.Verify.Verdict == first.Verify.Verdict && slices.Equal(texts(r.Findings), texts(first.Findings))
	}
	n := 1
	for n < len(results) && same(first) && same(results[n]) {
		n++
	}
	return n
}
