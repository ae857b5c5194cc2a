package report

import (
	"fmt"
	"html/template"
	"math"
	"path"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/profiler/charts"
	"slipway/profiler/verify"
	"slipway/units"
)

// view is Data put into the words of the page.
type view struct {
	Style      template.CSS
	Title      string
	Lead       string
	Made       string
	Tiles      []tile
	Model      []fact
	Machine    []fact
	Runtimes   []Runtime
	Operators  []operator
	Rows       []row
	Verdict    string // of all variants: match, drift, mismatch
	Figures    []figure
	Conclusion string
	Pictures   []picture
	Findings   []finding
	Recipes    []recipe
	Commands   []string
	Provenance []origin
	Graph      template.HTML
	NoGraph    string
	Studio     string
}

type tile struct{ Name, Value, Note, Class string }

type fact struct{ Name, Value string }

type operator struct {
	Operator
	Share template.CSS
}

type row struct {
	Title, Target, Precision, Size, Ratio  string
	Color                                  template.CSS
	Verdict, Why                           string
	MaxRel, Cosine, SQNR                   string
	Runtime, Samples                       string
	P50, P99, Speed, Memory, Top1, Seconds string
	Fast, Small                            bool
	Source                                 bool
}

type finding struct {
	*diag.Finding
	Variant string
	Times   int
}

type recipe struct {
	Variants string
	File     string
	YAML     string
}

type origin struct {
	Variant string
	Files   []fact
}

func (d *Data) view() (*view, error) {
	v := &view{
		Style: style(), Title: d.Model.Name, Made: d.Made.Format("2 January 2006, 15:04 MST"), Studio: d.Studio,
		Model: d.Model.facts(), Machine: d.Machine.facts(), Runtimes: d.Runtimes, Commands: d.Commands,
		Pictures: d.pictures(), Findings: d.findings(), Recipes: d.recipes(), Conclusion: d.conclusion(),
	}
	v.Graph, v.NoGraph = template.HTML(d.Graph), d.NoGraph //nolint:gosec // made by the program, with all names escaped
	v.Lead = d.lead()
	v.Tiles = d.tiles()
	most := 1
	for _, o := range d.Model.Operators {
		most = max(most, o.Count)
	}
	for _, o := range d.Model.Operators[:min(12, len(d.Model.Operators))] {
		v.Operators = append(v.Operators, operator{o, template.CSS(fmt.Sprintf("width:%.1f%%", 100*float64(o.Count)/float64(most)))}) //nolint:gosec // a number
	}
	for i := range d.Variants {
		v.Rows = append(v.Rows, d.row(&d.Variants[i]))
	}
	v.Provenance = d.provenance()
	var err error
	v.Figures, err = d.figures()
	return v, err
}

func (m *Model) facts() []fact {
	f := []fact{{"File", m.File + ", " + units.Bytes(m.Bytes)}, {"Format", strings.TrimSpace(m.Format + " " + m.Version)}}
	if m.Producer != "" {
		f = append(f, fact{"Made by", m.Producer})
	}
	f = append(f, fact{"Parameters", units.Count(m.Params)}, fact{"Multiply-accumulates", units.Count(m.MACs)}, fact{"Layers", fmt.Sprint(m.Layers)})
	for _, io := range m.Inputs {
		f = append(f, fact{"Input", strings.TrimSpace(io.Name + "  " + io.DType + " " + io.Shape)})
	}
	for _, io := range m.Outputs {
		f = append(f, fact{"Output", strings.TrimSpace(io.Name + "  " + io.DType + " " + io.Shape)})
	}
	if m.Task != "" {
		f = append(f, fact{"Task", m.Task})
	}
	return f
}

func (m *Machine) facts() []fact {
	var f []fact
	add := func(name, value string) {
		if value != "" {
			f = append(f, fact{name, value})
		}
	}
	add("Processor", m.CPU)
	add("Cores", fmt.Sprintf("%d (%s)", m.Cores, m.Arch))
	if m.Memory > 0 {
		add("Memory", units.Bytes(m.Memory))
	}
	add("System", m.OS)
	add("Kernel", m.Kernel)
	return f
}

func (d *Data) artefacts() []Variant {
	var out []Variant
	for _, v := range d.Variants {
		if v.ID != 0 {
			out = append(out, v)
		}
	}
	return out
}

func (d *Data) lead() string {
	art := d.artefacts()
	targets := map[string]bool{}
	for _, v := range art {
		targets[v.Target] = true
	}
	switch len(art) {
	case 0:
		return "No artefact has been made of this model yet."
	case 1:
		return "One artefact, proved and measured against the source model."
	}
	s := fmt.Sprintf("%d artefacts for %d targets", len(art), len(targets))
	if len(targets) == 1 {
		s = fmt.Sprintf("%d artefacts for one target", len(art))
	}
	return s + ", each compared with the source model on the runtime it is meant for."
}

// tiles are the page's headline: proof, speed, size, accuracy.
func (d *Data) tiles() []tile {
	var out []tile
	art := d.artefacts()
	if len(art) > 0 {
		count := map[string]int{}
		for _, v := range art {
			count[verdictOf(&v)]++
		}
		t := tile{"Verified", fmt.Sprintf("%d of %d", count[verify.Match], len(art)), "artefacts match the source", "good"}
		if count[verify.Mismatch] > 0 {
			t.Class = "bad"
		} else if count[verify.Match] < len(art) {
			t.Class = "fair"
		}
		for _, c := range []struct{ verdict, text string }{{verify.Drift, "drift"}, {verify.Mismatch, "do not match"}, {verify.NotRun, "were not verified"}} {
			if n := count[c.verdict]; n > 0 {
				t.Note += fmt.Sprintf(", %d %s", n, c.text)
			}
		}
		out = append(out, t)
	}
	if f := d.fastest(); f != nil {
		t := tile{Name: "Fastest", Value: units.Milliseconds(f.P50MS), Note: d.title(f.Variant) + " on " + d.runtimeTitle(f.Runtime)}
		if s := d.sourceBench(); s != nil && f.Variant != 0 {
			t.Note += fmt.Sprintf(", %.1f× the source", s.P50MS/f.P50MS)
		}
		out = append(out, t)
	}
	if s := d.smallest(); s != nil {
		t := tile{Name: "Smallest", Value: units.Bytes(s.Bytes), Note: s.Title}
		if src := d.variant(0); src != nil && s.ID != 0 {
			t.Note += fmt.Sprintf(", %.0f %% of the source", 100*float64(s.Bytes)/float64(max(src.Bytes, 1)))
		}
		out = append(out, t)
	}
	if e := d.eval(0); e != nil {
		value, lo, hi, name := e.score()
		if name == "top-1" {
			out = append(out, tile{
				Name: "Accuracy of the source", Value: units.Percent(value),
				Note: fmt.Sprintf("top-1 on %d pictures, 95 %%: %.0f–%.0f %%", e.Images, lo*100, hi*100),
			})
		}
	}
	return out
}

func (d *Data) title(id int64) string {
	if v := d.variant(id); v != nil {
		return v.Title
	}
	return "?"
}

func (d *Data) fastest() *Bench {
	var best *Bench
	for i := range d.Benches {
		b := &d.Benches[i]
		if d.variant(b.Variant) != nil && b.Runs > 0 && (best == nil || b.P50MS < best.P50MS) {
			best = b
		}
	}
	return best
}

// sourceBench is the source's fastest measurement.
func (d *Data) sourceBench() *Bench { return d.bench(0) }

func (d *Data) smallest() *Variant {
	var best *Variant
	for i := range d.Variants {
		if v := &d.Variants[i]; v.Bytes > 0 && (best == nil || v.Bytes < best.Bytes) {
			best = v
		}
	}
	return best
}

func verdictOf(v *Variant) string {
	if v.Verify == nil {
		return ""
	}
	return v.Verify.Verdict
}

func (d *Data) row(v *Variant) row {
	r := row{Title: v.Title, Target: v.Target, Precision: v.Precision, Size: units.Bytes(v.Bytes), Source: v.ID == 0, Verdict: verdictOf(v)}
	c := charts.Color(v.Target)
	r.Color = template.CSS(fmt.Sprintf("background:#%02x%02x%02x", c.R, c.G, c.B)) //nolint:gosec // a number
	if src := d.variant(0); src != nil && v.ID != 0 && src.Bytes > 0 {
		r.Ratio = fmt.Sprintf("%.0f %%", 100*float64(v.Bytes)/float64(src.Bytes))
	}
	r.MaxRel, r.Cosine, r.SQNR = "–", "–", "–"
	if w := v.Verify; w != nil {
		r.Why = w.Why
		if w.Runtime != "" {
			r.Runtime = strings.TrimSpace(d.runtimeTitle(w.Runtime) + " " + w.Version)
		}
		if w.Samples > 0 {
			r.MaxRel, r.Cosine = scientific(w.MaxRel), fmt.Sprintf("%.6f", w.Cosine)
			r.Samples = fmt.Sprintf("%d samples against %s", w.Samples, d.runtimeTitle(w.Reference))
		}
		if w.SQNR != nil {
			r.SQNR = fmt.Sprintf("%.1f dB", *w.SQNR)
		}
		if w.FirstLayer != "" {
			r.Why = strings.TrimSpace(r.Why + "; first layer that differs: " + w.FirstLayer)
		}
	}
	r.P50, r.P99, r.Memory, r.Top1 = "–", "–", "–", "–"
	if b := d.bench(v.ID); b != nil {
		r.P50, r.P99, r.Memory = units.Milliseconds(b.P50MS), units.Milliseconds(b.P99MS), units.Bytes(b.PeakRSS)
		f := d.fastest()
		r.Fast = f != nil && f.Variant == v.ID
		if r.Runtime == "" {
			r.Runtime = strings.TrimSpace(d.runtimeTitle(b.Runtime) + " " + b.Version)
		}
		if s := d.sourceBench(); s != nil && v.ID != 0 && b.P50MS > 0 {
			r.Speed = fmt.Sprintf("%.1f×", s.P50MS/b.P50MS)
		}
	}
	s := d.smallest()
	r.Small = s != nil && s.ID == v.ID
	if e := d.eval(v.ID); e != nil {
		value, _, _, _ := e.score()
		r.Top1 = units.Percent(value)
	}
	if v.ID != 0 {
		r.Seconds = units.Milliseconds(v.Seconds * 1e3)
	}
	return r
}

// scientific prints an error: "2.1e-06"; exactly 0 is "0".
func scientific(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x >= math.MaxFloat64 || math.IsNaN(x):
		return "not finite"
	}
	return fmt.Sprintf("%.1e", x)
}

// conclusion says in words what the charts show.
func (d *Data) conclusion() string {
	src, best := d.sourceBench(), d.fastest()
	if src == nil || best == nil {
		return ""
	}
	if best.Variant == 0 {
		return fmt.Sprintf("Nothing measured here is faster than the source on %s.", d.runtimeTitle(src.Runtime))
	}
	s := fmt.Sprintf("%s on %s is the fastest: %s against %s for the source on %s.", d.title(best.Variant), d.runtimeTitle(best.Runtime),
		units.Milliseconds(best.P50MS), units.Milliseconds(src.P50MS), d.runtimeTitle(src.Runtime))
	if best.CI95MS[1] >= src.CI95MS[0] {
		s += " Their 95 % intervals overlap: no real difference."
	}
	if e := d.eval(best.Variant); e != nil && e.DropCI95 != nil && e.Top1 >= 0 {
		if o := d.eval(0); o != nil {
			s += fmt.Sprintf(" Its top-1 accuracy differs from the source's by %+.1f points (95 %%: %+.1f to %+.1f, %d pictures).",
				(e.Top1-o.Top1)*100, e.DropCI95[0]*100, e.DropCI95[1]*100, e.Images)
		}
	}
	return s
}

// findings joins equal findings of several variants.
func (d *Data) findings() []finding {
	var out []finding
	add := func(variant string, f *diag.Finding) {
		for i := range out {
			if o := &out[i]; o.Code == f.Code && o.Text == f.Text {
				o.Times++
				if variant != "" && !strings.Contains(", "+o.Variant+", ", ", "+variant+", ") {
					o.Variant += ", " + variant
				}
				return
			}
		}
		out = append(out, finding{f, variant, 1})
	}
	for _, f := range d.Findings {
		add("", f)
	}
	for _, v := range d.Variants {
		for _, f := range v.Findings {
			add(v.Title, f)
		}
	}
	slices.SortStableFunc(out, func(a, b finding) int { return int(b.Severity) - int(a.Severity) })
	return out
}

// recipes lists each distinct recipe with the variants made by it.
func (d *Data) recipes() []recipe {
	var out []recipe
next:
	for _, v := range d.artefacts() {
		for i := range out {
			if out[i].YAML == v.Recipe {
				out[i].Variants += ", " + v.Title
				continue next
			}
		}
		out = append(out, recipe{v.Title, RecipeFile(len(out)), v.Recipe})
	}
	return out
}

// RecipeFile is the name under which the page shows the i-th distinct recipe,
// for the command lines in Data.Commands.
func RecipeFile(i int) string { return fmt.Sprintf("recipe-%d.yaml", i+1) }

func (d *Data) provenance() []origin {
	var out []origin
	if d.Model.SHA256 != "" {
		out = append(out, origin{"source", []fact{{d.Model.File, d.Model.SHA256}}})
	}
	for _, v := range d.artefacts() {
		o := origin{Variant: v.Title}
		for _, f := range v.Files {
			o.Files = append(o.Files, fact{path.Base(f.Path), f.SHA256})
		}
		out = append(out, o)
	}
	return out
}
