package project

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/disintegration/imaging"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/summary"
	"slipway/profiler/report"
	"slipway/project/atomicfile"
	"slipway/runtimes/task"
)

// thumbWidth and thumbHeight bound a report's pictures, in pixels.
const thumbWidth, thumbHeight = 380, 340

// WriteReport writes the project's report, whole or not at all.
func (s *Studio) WriteReport(ctx context.Context, path string) error {
	d, err := s.Report(ctx)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteFrom(path, func(w io.Writer) error { return report.Write(w, d) }); err != nil {
		return atomicfile.Findings("report.write", filepath.Base(path), filepath.Dir(path), err)
	}
	return nil
}

// Report gathers what the report tells. It looks at the runtimes where nobody
// has yet.
func (s *Studio) Report(ctx context.Context) (*report.Data, error) {
	if s.RuntimeStatus() == nil {
		s.LookAtRuntimes(ctx)
	}
	s.mu.Lock()
	m, hash, t := s.model, s.hash, s.task
	s.mu.Unlock()
	if m == nil {
		return nil, ErrNoModel
	}
	sum, err := hash()
	if err != nil {
		return nil, diag.Errorf("source.unreadable", "%v", err).In(m.Path)
	}
	d := &report.Data{Studio: s.env.Version, Made: time.Now(), Machine: report.ThisMachine(), Model: modelFacts(m, t, sum)}
	for _, r := range s.RuntimeStatus() {
		d.Runtimes = append(d.Runtimes, report.Runtime{Name: r.Name, Title: r.Title, Version: r.Version, Devices: r.Devices, OK: r.OK, Reason: sentence(r.Reason), Loses: r.Loses, Cure: r.Cure})
	}
	variants := s.Variants()
	for _, v := range variants {
		d.Variants = append(d.Variants, variantFacts(v, m))
	}
	for _, b := range s.BenchRows() {
		d.Benches = append(d.Benches, report.Bench{Variant: b.Variant, Result: b.Result})
	}
	for _, e := range s.EvalRows() {
		d.Evals = append(d.Evals, report.Eval{Variant: e.Variant, Runtime: e.Runtime, Dataset: filepath.Base(e.Dataset), Result: e.Result})
	}
	for _, p := range s.Pictures() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d.Pictures = append(d.Pictures, pictureFacts(&p))
	}
	if d.Graph, d.NoGraph, err = s.graphPicture(ctx, m); err != nil {
		return nil, err
	}
	d.Findings = m.Source.Findings
	d.Commands = commands(m, variants, d.Evals)
	return d, nil
}

// sentence ends a text with one full stop.
func sentence(s string) string {
	if s = strings.TrimRight(s, ". "); s == "" {
		return ""
	}
	return s + "."
}

// mostPicture bounds the picture of a graph: a report shall be a file to send.
const mostPicture = 2 << 20

// graphPicture is the model's graph as SVG, or why there is none.
func (s *Studio) graphPicture(ctx context.Context, m *Model) (svg []byte, why string, err error) {
	if s.env.Picture == nil || len(m.Graph.Nodes) == 0 {
		return nil, "", nil
	}
	svg, err = s.env.Picture(ctx, m.Graph)
	switch {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case err != nil:
		return nil, "The graph could not be drawn: " + err.Error(), nil
	case len(svg) > mostPicture:
		return nil, fmt.Sprintf("The picture of %d layers is too large for this page; the studio's graph panel saves it as a file.", len(m.Graph.Nodes)), nil
	}
	return svg, "", nil
}

func modelFacts(m *Model, t *task.Task, hash string) report.Model {
	s := m.Summary
	out := report.Model{
		Name: m.Name, File: filepath.Base(m.Path), Format: formatName(s.Format), Version: s.Version, Producer: s.Producer, SHA256: hash,
		Bytes: sourceBytes(m), Params: s.Params, MACs: s.MACs, Layers: len(s.Layers),
	}
	for _, io := range s.Inputs {
		out.Inputs = append(out.Inputs, ioFacts(io))
	}
	for _, io := range s.Outputs {
		out.Outputs = append(out.Outputs, ioFacts(io))
	}
	for _, op := range s.TopOperators() {
		out.Operators = append(out.Operators, report.Operator{Name: op, Count: s.Operators[op]})
	}
	if t != nil {
		out.Task = string(t.Kind)
		if n := len(t.Labels); n > 0 {
			out.Task += fmt.Sprintf(", %d labels", n)
		}
	}
	return out
}

func formatName(f string) string {
	if f == "onnx" {
		return "ONNX"
	}
	return f
}

func ioFacts(io summary.IO) report.IO {
	if io.Shape == nil {
		return report.IO{Name: io.Name, DType: io.DType, Shape: "of unknown rank"}
	}
	return report.IO{Name: io.Name, DType: io.DType, Shape: "[" + summary.Join(io.Shape, ", ") + "]"}
}

func variantFacts(v *Variant, m *Model) report.Variant {
	out := report.Variant{ID: v.ID, Title: v.Title, Target: v.Target, Bytes: v.Bytes}
	if v.ID == 0 {
		return out
	}
	out.Precision = v.Recipe.Precision
	if y, err := v.Recipe.YAML(); err == nil {
		out.Recipe = string(y)
	}
	if r := v.Result; r != nil {
		out.Verify, out.Findings = r.Verify, r.Findings
		out.Seconds = r.Seconds.Open + r.Seconds.Passes + r.Seconds.Write
		for _, a := range r.Artefacts {
			out.Files = append(out.Files, report.File{Path: a.Path, Bytes: a.Bytes, SHA256: a.SHA256})
		}
	}
	return out
}

func pictureFacts(p *Picture) report.Picture {
	out := report.Picture{Name: filepath.Base(p.Path)}
	if p.Err != nil {
		out.Err = p.Err.Error()
	}
	for _, c := range p.Cells {
		cell := report.Cell{Variant: c.Variant, Runtime: c.Runtime, Predictions: c.Predictions}
		if c.Err != nil {
			cell.Err = c.Err.Error()
		}
		out.Cells = append(out.Cells, cell)
	}
	out.Thumb = thumbnail(p.Path)
	return out
}

// thumbnail is a small JPEG of a picture, nil where it cannot be read: the
// report has its predictions all the same.
func thumbnail(path string) []byte {
	img, err := task.DecodeFile(path)
	if err != nil {
		return nil
	}
	small := imaging.Fill(img, thumbWidth, thumbHeight, imaging.Center, imaging.Lanczos)
	if b := img.Bounds(); b.Dx() < thumbWidth || b.Dy() < thumbHeight {
		small = imaging.Fit(img, thumbWidth, thumbHeight, imaging.Lanczos)
	}
	var b bytes.Buffer
	if jpeg.Encode(&b, small, &jpeg.Options{Quality: 78}) != nil {
		return nil
	}
	return b.Bytes()
}

// commands are the command lines that make the artefacts again and measure
// them; recipes are named as the report shows them.
func commands(m *Model, variants []*Variant, evals []report.Eval) []string {
	var out []string
	file := quote(filepath.Base(m.Path))
	type group struct {
		recipe  plan.Recipe
		key     string
		targets []string
	}
	var groups []group
	for _, v := range variants {
		if v.ID == 0 {
			continue
		}
		y, err := v.Recipe.YAML()
		if err != nil {
			continue
		}
		i := slices.IndexFunc(groups, func(g group) bool { return g.key == string(y) })
		if i < 0 {
			groups, i = append(groups, group{recipe: v.Recipe, key: string(y)}), len(groups)
		}
		if !slices.Contains(groups[i].targets, v.Target) {
			groups[i].targets = append(groups[i].targets, v.Target)
		}
	}
	for i, g := range groups {
		dir := strings.TrimSuffix(report.RecipeFile(i), ".yaml")
		out = append(out, fmt.Sprintf("studio convert %s --to %s --recipe %s -o %s", file, strings.Join(g.targets, ","), report.RecipeFile(i), dir))
	}
	all := file
	for _, v := range variants {
		if i := slices.IndexFunc(groups, func(g group) bool { return v.ID != 0 && g.recipe.Key() == v.Recipe.Key() }); i >= 0 && v.Result != nil {
			dir := strings.TrimSuffix(report.RecipeFile(i), ".yaml")
			all += " " + quote(filepath.ToSlash(filepath.Join(dir, v.Target, v.Result.Main())))
		}
	}
	out = append(out, "studio bench "+all)
	if len(evals) > 0 {
		out = append(out, "studio eval "+all+" --dataset "+quote(evals[0].Dataset))
	}
	return out
}

// quote makes a name one word of a shell's line.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/+:@%,", r) || r > 127
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
