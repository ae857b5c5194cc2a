package report

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"strings"

	"slipway/profiler/charts"
)

// chartWidth and wideWidth are the drawings' widths in pixels; the page scales
// them.
const chartWidth, wideWidth = 620, 1250

// figure is one chart, drawn for light and for dark.
type figure struct {
	Light, Dark template.HTML
	Wide        bool
}

func (d *Data) figures() ([]figure, error) {
	latency, memory, size := d.latencyChart(), d.memoryChart(), d.sizeChart()
	acc, scatter := d.accuracyChart(), d.scatterChart()
	list := []struct {
		d             charts.Drawing
		width, height int
		title         string
		there         bool
	}{
		{latency, chartWidth, latency.Height(), latency.Title, len(latency.Bars) > 0},
		{memory, chartWidth, memory.Height(), memory.Title, len(memory.Bars) > 0},
		{acc, chartWidth, acc.Height(), acc.Title, len(acc.Bars) > 0},
		{size, chartWidth, size.Height(), size.Title, len(size.Bars) > 1},
		{scatter, wideWidth, 400, scatter.Title, len(scatter.Points) > 1},
	}
	var out []figure
	for _, c := range list {
		if !c.there {
			continue
		}
		f := figure{Wide: c.width == wideWidth}
		var err error
		if f.Light, err = svg(c.d, c.width, c.height, c.title, false); err != nil {
			return nil, err
		}
		if f.Dark, err = svg(c.d, c.width, c.height, c.title, true); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// svg draws a chart as an element for the page.
func svg(c charts.Drawing, width, height int, title string, dark bool) (template.HTML, error) {
	var b bytes.Buffer
	if _, err := charts.SVG(&b, c, charts.Style{Width: width, Height: height, Dark: dark}); err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	s := strings.Replace(b.String(), "<svg ", fmt.Sprintf(`<svg role="img" aria-label="%s" `, html.EscapeString(title)), 1)
	// The renderer escapes the texts; see charts.SVG.
	return template.HTML(s), nil //nolint:gosec
}

func (d *Data) latencyChart() charts.Bars {
	c := charts.Bars{Title: "Latency", Note: "median, line to the 99th percentile; less is better", Unit: "ms", MarkName: "p99"}
	for _, b := range d.Benches {
		if v := d.variant(b.Variant); v != nil && b.Runs > 0 {
			c.Bars = append(c.Bars, charts.Bar{Label: v.Title, Sub: d.runtimeTitle(b.Runtime), Target: v.Target, Value: b.P50MS, Mark: b.P99MS})
		}
	}
	return c
}

func (d *Data) memoryChart() charts.Bars {
	c := charts.Bars{Title: "Peak memory", Note: "of the process that ran it; less is better", Unit: "MB"}
	for _, b := range d.Benches {
		if v := d.variant(b.Variant); v != nil && b.PeakRSS > 0 {
			c.Bars = append(c.Bars, charts.Bar{Label: v.Title, Sub: d.runtimeTitle(b.Runtime), Target: v.Target, Value: float64(b.PeakRSS) / 1e6})
		}
	}
	return c
}

func (d *Data) sizeChart() charts.Bars {
	c := charts.Bars{Title: "Size", Note: "of all files; less is better"}
	for _, v := range d.Variants {
		c.Bars = append(c.Bars, charts.Bar{Label: v.Title, Target: v.Target, Value: float64(v.Bytes)})
	}
	return c.InBytes()
}

// score is a variant's accuracy, or its agreement with the source where the
// pictures have no labels.
func (e *Eval) score() (value, lo, hi float64, name string) {
	if e.Top1 < 0 {
		return e.Agreement, e.AgreementCI95[0], e.AgreementCI95[1], "agreement"
	}
	return e.Top1, e.CI95[0], e.CI95[1], "top-1"
}

func (d *Data) accuracyChart() charts.Bars {
	c := charts.Bars{Title: "Accuracy", Percent: true}
	for i := range d.Evals {
		e := &d.Evals[i]
		v := d.variant(e.Variant)
		if v == nil {
			continue
		}
		value, lo, hi, name := e.score()
		if name == "agreement" {
			c.Title = "Agreement with the source"
		}
		c.Note = fmt.Sprintf("%s, %d pictures; whiskers: 95 %% interval", name, e.Images)
		c.Bars = append(c.Bars, charts.Bar{Label: v.Title, Sub: d.runtimeTitle(e.Runtime), Target: v.Target, Value: value, Lo: lo, Hi: hi})
	}
	return c
}

func (d *Data) scatterChart() charts.Scatter {
	c := charts.Scatter{Title: "Latency against accuracy", XName: "median latency in ms", YName: "top-1", PercentY: true}
	for i := range d.Evals {
		e := &d.Evals[i]
		v := d.variant(e.Variant)
		if v == nil {
			continue
		}
		for _, b := range d.Benches {
			if b.Variant != e.Variant || b.Runtime != e.Runtime || b.Runs == 0 {
				continue
			}
			value, lo, hi, name := e.score()
			c.YName = name
			c.Points = append(c.Points, charts.Point{Label: v.Title, Target: v.Target, X: b.P50MS, Y: value, YLo: lo, YHi: hi})
		}
	}
	return c
}
