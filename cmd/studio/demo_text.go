package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"slipway/conversion/diag"
	"slipway/profiler/verify"
	"slipway/units"
)

// variants gathers the rows of the demo's table: each variant with its fastest
// measurement.
func (d *demonstration) variants() {
	bench, eval := d.studio.BenchRows(), d.studio.EvalRows()
	for _, v := range d.studio.Variants() {
		r := demoVariant{Title: v.Title, Target: v.Target, Bytes: v.Bytes}
		if v.Result != nil {
			r.Verify = v.Result.Verify
			if r.Verify.Verdict == verify.Mismatch {
				d.report.OK = false
			}
		}
		for _, b := range bench {
			if b.Variant == v.ID && b.Runs > 0 && (r.Runtime == "" || b.P50MS < r.P50MS) {
				r.Runtime, r.P50MS, r.P99MS, r.PeakRSS = b.Runtime, b.P50MS, b.P99MS, b.PeakRSS
			}
		}
		for _, e := range eval {
			if e.Variant == v.ID {
				r.Top1, r.Agree = &e.Top1, &e.Agreement
			}
		}
		d.report.Variants = append(d.report.Variants, r)
	}
}

// text prints the table, what is missing and where the results lie.
func (d *demonstration) text() {
	out := d.app.out
	fmt.Fprintln(out)
	if len(d.report.Variants) > 0 {
		d.table()
	}
	seen := map[string]bool{}
	for _, f := range d.report.Findings {
		if line := f.Error(); f.Severity > diag.Info || f.Code == "runtime.missing" {
			if !seen[line] {
				printFinding(out, f)
			}
			seen[line] = true
		}
	}
	if len(d.report.Variants) == 0 {
		return // the model was not opened: nothing lies anywhere
	}
	fmt.Fprintf(out, "project  %s\nreport   %s\ntotal    %s\n", d.report.Project, d.report.Report, units.Milliseconds(d.report.Seconds*1e3))
}

// table prints a line a variant.
func (d *demonstration) table() {
	out := d.app.out
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "variant\tverdict\tlargest error\tsize\truntime\tp50\tp99\tmemory\ttop-1\tagreement")
	for _, r := range d.report.Variants {
		verdict, largest := "–", "–"
		if r.Verify != nil {
			verdict = r.Verify.Verdict
			if r.Verify.Samples > 0 {
				largest = fmt.Sprintf("%.1e", r.Verify.MaxRel)
			}
		}
		p50, p99, memory, top1, agree := "–", "–", "–", "–", "–"
		if r.Runtime != "" {
			p50, p99, memory = units.Milliseconds(r.P50MS), units.Milliseconds(r.P99MS), units.Bytes(r.PeakRSS)
		}
		if r.Top1 != nil {
			top1, agree = units.Percent(*r.Top1), units.Percent(*r.Agree)
		}
		fmt.Fprintln(w, strings.Join([]string{r.Title, verdict, largest, units.Bytes(r.Bytes), r.Runtime, p50, p99, memory, top1, agree}, "\t"))
	}
	w.Flush()
	fmt.Fprintln(out)
}
