package compare

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"slipway/profiler/charts"
	"slipway/project"
	"slipway/units"
)

// row is one variant on one runtime with all that was measured of it.
type row struct {
	variant *project.Variant
	runtime string
	title   string // what people call the runtime
	bench   *project.BenchRow
	eval    *project.EvalRow
}

// rowsOf joins measurements to variants, in the variants' order.
func rowsOf(variants []*project.Variant, bench []project.BenchRow, eval []project.EvalRow, title func(runtime string) string) []row {
	var out []row
	for _, v := range variants {
		var mine []row
		at := func(runtime string) *row {
			for i := range mine {
				if mine[i].runtime == runtime {
					return &mine[i]
				}
			}
			mine = append(mine, row{variant: v, runtime: runtime, title: title(runtime)})
			return &mine[len(mine)-1]
		}
		for i := range bench {
			if bench[i].Variant == v.ID {
				at(bench[i].Runtime).bench = &bench[i]
			}
		}
		for i := range eval {
			if eval[i].Variant == v.ID {
				at(eval[i].Runtime).eval = &eval[i]
			}
		}
		if len(mine) == 0 {
			mine = append(mine, row{variant: v})
		}
		out = append(out, mine...)
	}
	return out
}

// latencyChart shows medians with lines to the 99th percentile.
func latencyChart(rows []row) charts.Bars {
	c := charts.Bars{Title: "Latency", Note: "median, line to the 99th percentile; less is better", Unit: "ms", MarkName: "p99", Empty: "Not measured yet: press Measure latency."}
	for _, r := range rows {
		if r.bench != nil {
			c.Bars = append(c.Bars, charts.Bar{Label: r.variant.Title, Sub: r.title, Target: r.variant.Target, Value: r.bench.P50MS, Mark: r.bench.P99MS})
		}
	}
	return c
}

// memoryChart shows the peak memory of the process that ran the model.
func memoryChart(rows []row) charts.Bars {
	c := charts.Bars{Title: "Peak memory", Note: "of the runtime's process; less is better", Unit: "MB", Empty: "Not measured yet."}
	for _, r := range rows {
		if r.bench != nil && r.bench.PeakRSS > 0 {
			c.Bars = append(c.Bars, charts.Bar{Label: r.variant.Title, Sub: r.title, Target: r.variant.Target, Value: float64(r.bench.PeakRSS) / 1e6})
		}
	}
	return c
}

// sizeChart shows the artefacts' sizes.
func sizeChart(variants []*project.Variant) charts.Bars {
	c := charts.Bars{Title: "Size", Note: "of all files; less is better", Empty: "No model is open."}
	for _, v := range variants {
		b := charts.Bar{Label: v.Title, Target: v.Target, Value: float64(v.Bytes)}
		if !v.Usable() { // small, but no good
			b.Sub = v.Verdict()
		}
		c.Bars = append(c.Bars, b)
	}
	return c.InBytes()
}

// accuracyChart shows top-1 with its interval, or agreement with the source
// where there are no labels.
func accuracyChart(rows []row) charts.Bars {
	c := charts.Bars{Title: "Accuracy", Percent: true, Empty: "Not measured yet: drop a folder of pictures, one folder a class."}
	for _, r := range rows {
		if r.eval == nil {
			continue
		}
		b := charts.Bar{Label: r.variant.Title, Sub: r.title, Target: r.variant.Target, Value: r.eval.Top1, Lo: r.eval.CI95[0], Hi: r.eval.CI95[1]}
		if r.eval.Top1 < 0 {
			b.Value, b.Lo, b.Hi = r.eval.Agreement, r.eval.AgreementCI95[0], r.eval.AgreementCI95[1]
			c.Title = "Agreement with the source"
		}
		c.Note = fmt.Sprintf("%d pictures, whiskers: 95 %% interval", r.eval.Images)
		c.Bars = append(c.Bars, b)
	}
	return c
}

// scatterChart sets latency against accuracy.
func scatterChart(rows []row) charts.Scatter {
	c := charts.Scatter{Title: "Latency against accuracy", XName: "ms", YName: "top-1", PercentY: true, Empty: "Needs both latency and accuracy."}
	for _, r := range rows {
		if r.bench == nil || r.eval == nil {
			continue
		}
		p := charts.Point{Label: r.variant.Title, Target: r.variant.Target, X: r.bench.P50MS, Y: r.eval.Top1, YLo: r.eval.CI95[0], YHi: r.eval.CI95[1]}
		if r.eval.Top1 < 0 {
			p.Y, p.YLo, p.YHi = r.eval.Agreement, r.eval.AgreementCI95[0], r.eval.AgreementCI95[1]
			c.YName = "agreement"
		}
		c.Points = append(c.Points, p)
	}
	return c
}

// columns of the table.
var columns = []string{"Variant", "Verdict", "Runtime", "Median", "p99", "First run", "Load", "Memory", "Size", "Top-1", "Agreement"}

// cells are the texts of one row.
func (r *row) cells() []string {
	out := []string{r.variant.Title, "–", r.title, "–", "–", "–", "–", "–", units.Bytes(r.variant.Bytes), "–", "–"}
	if v := r.variant.Verdict(); v != "" {
		out[1] = v
	}
	if b := r.bench; b != nil {
		out[3], out[4], out[5], out[6] = units.Milliseconds(b.P50MS), units.Milliseconds(b.P99MS), units.Milliseconds(b.FirstMS), units.Milliseconds(b.LoadMS)
		out[7] = units.Bytes(b.PeakRSS)
	}
	if e := r.eval; e != nil {
		out[9], out[10] = units.Percent(e.Top1), units.Percent(e.Agreement)
	}
	return out
}

// writeCSV writes the table with plain numbers, for spreadsheets.
func writeCSV(w io.Writer, rows []row) error {
	c := csv.NewWriter(w)
	head := []string{"variant", "target", "verdict", "runtime", "p50_ms", "p90_ms", "p99_ms", "mean_ms", "first_ms", "load_ms", "peak_rss_bytes", "bytes", "top1", "top1_lo", "top1_hi", "agreement", "images"}
	if err := c.Write(head); err != nil {
		return err
	}
	f := func(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
	for _, r := range rows {
		rec := make([]string, len(head))
		rec[0], rec[1], rec[3], rec[11] = r.variant.Title, r.variant.Target, r.runtime, strconv.FormatInt(r.variant.Bytes, 10)
		rec[2] = "source"
		if v := r.variant.Result; v != nil && v.Verify != nil {
			rec[2] = v.Verify.Verdict
		}
		if b := r.bench; b != nil {
			copy(rec[4:], []string{f(b.P50MS), f(b.P90MS), f(b.P99MS), f(b.MeanMS), f(b.FirstMS), f(b.LoadMS), strconv.FormatInt(b.PeakRSS, 10)})
		}
		if e := r.eval; e != nil {
			copy(rec[12:], []string{f(e.Top1), f(e.CI95[0]), f(e.CI95[1]), f(e.Agreement), strconv.Itoa(e.Images)})
		}
		if err := c.Write(rec); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
