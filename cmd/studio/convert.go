package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"slipway/conversion/diag"
	"slipway/conversion/options"
	"slipway/conversion/plan"
	"slipway/conversion/target"
	targetall "slipway/conversion/target/all"
	"slipway/project/pipeline"
	"slipway/runtimes/task"
)

// convertFlags are the flags of convert that are not recipe fields.
type convertFlags struct {
	to, layers       []string
	out, recipeFile  string
	shapes           []string
	profiles         []string
	list, noVerify   bool
	jobs             int
	images, taskFile string
	quantize, prune  string
	ratio            float64
	calibrate        string
	method           string
	keepFloat        []string
	passes, skip     []string
	precision        string
	batch, layout    string
	samples          int
	lowRank          float64
	set              []string
}

func (a *app) convertCmd() *cobra.Command {
	f := &convertFlags{}
	c := &cobra.Command{
		Use: "convert MODEL... --to TARGET[,TARGET...] -o DIR", Short: "Convert, verify and write artefacts", Long: convertHelp(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return a.listTargets(cmd.Context())
			}
			if len(args) == 0 || len(f.to) == 0 || f.out == "" {
				return usagef("convert needs a model, --to and -o")
			}
			recipe, err := f.recipe(cmd.Flags())
			if err != nil {
				return err
			}
			return a.convert(cmd.Context(), args, recipe, f)
		},
	}
	s := c.Flags()
	s.StringSliceVar(&f.to, "to", nil, "`TARGET,...` to write: "+strings.Join(targetNames(), ", "))
	s.StringVarP(&f.out, "output", "o", "", "`DIR` for the artefacts: each target has a folder of its own there")
	s.BoolVar(&f.list, "list-targets", false, "list the targets and what can check them here")
	s.StringVar(&f.recipeFile, "recipe", "", "`FILE` of a recipe (YAML), which other flags override")
	s.StringArrayVar(&f.shapes, "input-shape", nil, "`NAME=1,3,224,224` fixes an input's shape (once per input)")
	s.StringArrayVar(&f.profiles, "profile", nil, "shapes of an open input, `NAME=MIN:USUAL:MAX`, as in x=1,3,32,32:8,3,224,224:32,3,640,640 (once per input)")
	s.StringVar(&f.precision, "precision", "", "number `FORMAT` of weights and arithmetic: fp32, fp16 or int8 (default fp32)")
	s.StringVar(&f.quantize, "quantize", "", "`SCHEME` of int8: static, dynamic or weight-only; implies --precision int8 (default static)")
	s.StringVar(&f.calibrate, "calibrate", "", "`DIR` of pictures, or of .npy and .npz tensors, on which static int8 measures ranges")
	s.StringVar(&f.method, "calibration-method", "", "`METHOD` that chooses ranges: auto (tries them), minmax, percentile, entropy or mse (default auto)")
	s.StringSliceVar(&f.keepFloat, "keep-float", nil, "`LAYER,...` that stay in float")
	s.StringVar(&f.prune, "prune", "", "set weights to zero by `METHOD`: magnitude or 2:4")
	s.Float64Var(&f.ratio, "ratio", 0, "`SHARE` of the weights that --prune magnitude sets to zero (default 0.3)")
	s.StringArrayVar(&f.layers, "prune-layer", nil, "`LAYER=SHARE` gives one layer a share of its own (repeatable)")
	s.Float64Var(&f.lowRank, "low-rank", 0, "`ENERGY` to keep in a low-rank factorisation: not in this version")
	s.StringSliceVar(&f.passes, "passes", nil, "run `PASS,...` only")
	s.StringSliceVar(&f.skip, "skip-pass", nil, "do not run `PASS,...`")
	s.StringVar(&f.batch, "batch", "", "`SIZE` of the first dimension: keep, dynamic or a number (default keep)")
	s.StringVar(&f.layout, "layout", "", "`LAYOUT` of the artefact's inputs and outputs: nchw or nhwc (default: the source's)")
	s.StringArrayVar(&f.set, "set", nil, "`KEY=VALUE` of a recipe's setting that has no flag (repeatable; the keys stand above)")
	s.IntVar(&f.samples, "samples", 0, "`NUMBER` of inputs on which artefact and source are compared (default 4)")
	s.StringVar(&f.images, "images", "", "`DIR` of pictures to verify on as well")
	s.StringVar(&f.taskFile, "task", "", "task `FILE` that says how pictures become inputs (default: NAME.task.yaml beside the model)")
	s.BoolVar(&f.noVerify, "no-verify", false, "do not compare the artefact with the source")
	s.IntVar(&f.jobs, "jobs", 2, "`NUMBER` of conversions side by side")
	return c
}

func targetNames() []string {
	var out []string
	for _, t := range targetall.Targets() {
		out = append(out, t.Info().Name)
	}
	return out
}

// recipe reads the recipe file and lays the flags that were given over it.
func (f *convertFlags) recipe(set *pflag.FlagSet) (plan.Recipe, error) {
	r := plan.Default()
	if f.recipeFile != "" {
		b, err := os.ReadFile(f.recipeFile)
		if err != nil {
			return r, usageError{err}
		}
		if r, err = plan.ParseRecipe(b); err != nil {
			return r, usageError{err}
		}
	}
	if f.lowRank != 0 {
		return r, usagef("--low-rank: this version has no low-rank factorisation")
	}
	if f.prune == "channel" {
		return r, usagef("--prune channel: this version prunes by magnitude or 2:4")
	}
	if f.quantize != "" && !set.Changed("precision") {
		f.precision = "int8"
	}
	if (set.Changed("ratio") || len(f.layers) > 0) && f.prune == "" && r.Prune.Method == "none" {
		f.prune = "magnitude"
	}
	given := map[string]string{
		"precision": f.precision, "quantize.scheme": f.quantize, "quantize.method": f.method, "quantize.calibrate": f.calibrate,
		"quantize.keep_float": strings.Join(f.keepFloat, ","), "prune.method": f.prune, "prune.layers": strings.Join(f.layers, ","),
		"passes": strings.Join(f.passes, ","), "skip_passes": strings.Join(f.skip, ","), "batch": f.batch, "layout": f.layout,
	}
	if set.Changed("ratio") {
		given["prune.ratio"] = strconv.FormatFloat(f.ratio, 'g', -1, 64)
	}
	if set.Changed("samples") {
		given["samples"] = strconv.Itoa(f.samples)
	}
	fields := options.Of(&r)
	if err := setFields(fields, f.set); err != nil {
		return r, err
	}
	for i := range fields {
		if v := given[fields[i].Key]; v != "" {
			if err := fields[i].Set(v); err != nil {
				return r, usageError{err}
			}
		}
	}
	shapes, err := parseShapes(f.shapes)
	if err != nil {
		return r, err
	}
	if len(shapes) > 0 {
		r.InputShapes = shapes
	}
	for _, p := range f.profiles {
		name, rg, err := parseProfile(p)
		if err != nil {
			return r, err
		}
		if r.Profile == nil {
			r.Profile = map[string]target.Range{}
		}
		r.Profile[name] = rg
	}
	if err := r.Check(); err != nil {
		return r, usageError{err}
	}
	return r, nil
}

// setFields gives settings by their keys.
func setFields(fields []options.Field, set []string) error {
	for _, s := range set {
		key, value, ok := strings.Cut(s, "=")
		i := slices.IndexFunc(fields, func(f options.Field) bool { return f.Key == key })
		if !ok || i < 0 {
			var known []string
			for _, f := range fields {
				known = append(known, f.Key)
			}
			return usagef("--set %s: a recipe has no such setting; KEY=VALUE with one of %s", s, strings.Join(known, ", "))
		}
		if err := fields[i].Set(value); err != nil {
			return usageError{err}
		}
	}
	return nil
}

func (a *app) convert(ctx context.Context, models []string, recipe plan.Recipe, f *convertFlags) error {
	for _, t := range f.to {
		if !slices.Contains(targetNames(), t) {
			return usagef("there is no target %q; there are %s", t, strings.Join(targetNames(), ", "))
		}
	}
	var tk *task.Task
	if f.taskFile != "" {
		var err error
		if tk, err = task.Load(f.taskFile); err != nil {
			return usageError{err}
		}
	}
	pictures, err := picturesIn(f.images, 16)
	if err != nil {
		return usageError{err}
	}
	for _, t := range f.to {
		if w := recipe.Uncalibrated(t); w != nil { // before the work, once; the results say it again
			printFinding(a.err, w)
			fmt.Fprintln(a.err, "    --calibrate DIR gives the folder")
			break
		}
	}
	env := a.machine.Pipeline()
	results := make([]*pipeline.Result, len(models)*len(f.to))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, f.jobs))
	bar := newProgress(a.err, len(results))
	for i, m := range models {
		for j, t := range f.to {
			g.Go(func() error {
				mt := tk
				if mt == nil {
					mt = a.taskFor(ctx, m)
				}
				q := pipeline.Request{Model: m, Target: t, Recipe: recipe.Clone(), Task: mt, Pictures: pictures, NoVerify: f.noVerify}
				res, err := env.RunTo(ctx, q, f.out, func(e plan.Event) { bar.set(i*len(f.to)+j, m+" → "+t+": "+e.Stage, e.Fraction) })
				if err != nil {
					if ctx.Err() != nil || errors.Is(err, context.Canceled) {
						return err
					}
					res = pipeline.Failure(m, t, diag.FromError("convert.failed", err))
				}
				results[i*len(f.to)+j] = res
				return nil
			})
		}
	}
	err = g.Wait()
	bar.end()
	if err != nil {
		return err
	}
	if a.json {
		a.print(map[string]any{"studio": version, "results": results})
	} else {
		a.convertText(results)
	}
	for _, r := range results {
		if !r.OK {
			return errFailed
		}
	}
	return nil
}

// taskFor finds the task file beside a model; nil where there is none or it
// cannot be read.
func (a *app) taskFor(_ context.Context, model string) *task.Task {
	t, err := task.Find(model)
	if err != nil {
		fmt.Fprintf(a.err, "studio: %v\n", err)
	}
	return t
}

// picturesIn lists up to n pictures of a folder, "" gives none.
func picturesIn(dir string, n int) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	d, err := task.OpenDataset(dir, nil)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range d.Samples[:min(n, len(d.Samples))] {
		out = append(out, s.Path)
	}
	return out, nil
}

func (a *app) listTargets(ctx context.Context) error {
	status := a.machine.Status(ctx)
	type row struct {
		Name       string   `json:"name"`
		Title      string   `json:"title"`
		About      string   `json:"about"`
		Precisions []string `json:"precisions"`
		Runtimes   []string `json:"runtimes"`  // that can check it
		Available  []string `json:"available"` // of these, the ones that work here
	}
	var rows []row
	for _, t := range targetall.Targets() {
		i := t.Info()
		r := row{i.Name, i.Title, i.About, i.Precisions, i.Runtimes, []string{}}
		for _, s := range status {
			if s.OK && slices.Contains(i.Runtimes, s.Name) {
				r.Available = append(r.Available, s.Name)
			}
		}
		rows = append(rows, r)
	}
	if a.json {
		a.print(map[string]any{"studio": version, "targets": rows})
		return nil
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "target\tprecisions\tchecked here by\twhat it is")
	for _, r := range rows {
		by := strings.Join(r.Available, ", ")
		if by == "" {
			by = "nothing"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Name, strings.Join(r.Precisions, " "), by, r.About)
	}
	return w.Flush()
}

// progress draws one line on a terminal and nothing elsewhere.
type progress struct {
	mu    sync.Mutex
	out   *os.File
	done  []float64
	drawn bool
}

func newProgress(w any, n int) *progress {
	f, _ := w.(*os.File)
	if f != nil && !isTerminal(f) {
		f = nil
	}
	return &progress{out: f, done: make([]float64, n)}
}

func (p *progress) set(i int, text string, fraction float64) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[i] = fraction
	sum := 0.0
	for _, d := range p.done {
		sum += d
	}
	const width = 24
	n := int(sum / float64(len(p.done)) * width)
	fmt.Fprintf(p.out, "\r\x1b[K[%s%s] %s", strings.Repeat("█", n), strings.Repeat("·", width-n), shorten(text, 60))
	p.drawn = true
}

func (p *progress) end() {
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

func shorten(s string, n int) string {
	s = filepath.ToSlash(s)
	if r := []rune(s); len(r) > n {
		return "…" + string(r[len(r)-n:])
	}
	return s
}
