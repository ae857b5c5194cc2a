package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"slipway/conversion/testkit"
	"slipway/runtimes"
	"slipway/runtimes/all"
	"slipway/runtimes/library"
	"slipway/runtimes/worker"
	"slipway/runtimes/worker/guest"
)

var (
	full  = flag.Bool("full", false, "try every case, not only the share that a quick check takes")
	renew = flag.Bool("renew", false, "write table.txt and findings.txt")
	only  = flag.String("only", "", "try only the cases whose name matches this regular expression")
	pick  = flag.String("targets", "", "try only these columns, separated by commas")
	share = flag.Int("share", 12, "the quick check takes one case in so many, by a hash of its name")
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(guest.Main(os.Args[2:], guest.Guest{Open: all.Direct}))
	}
	os.Exit(m.Run())
}

// room is a run over cases and targets.
type room struct {
	t          *testing.T
	table      *table
	old        *table
	exceptions map[string]map[string]string
	mu         sync.Mutex
	slots      chan struct{}
	dir        string
}

// TestConformance tries the cases on every target that can be run here. It fails
// where a result is worse than table.txt says, and where an exception passes.
// -full tries all cases, -renew renews the files.
func TestConformance(t *testing.T) {
	cases := selected(t)
	r := &room{t: t, table: newTable(), exceptions: map[string]map[string]string{}, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), dir: t.TempDir()}
	var err error
	if r.old, err = readTable("table.txt"); err != nil {
		t.Fatal(err)
	}
	pool := worker.NewPool(worker.Config{}, all.Locate(library.Find))
	t.Cleanup(func() { pool.Close() })
	vendors := vendors(t, pool)
	var wg sync.WaitGroup
	var tried []string
	for _, column := range columns {
		v, ok := vendors[column]
		if *pick != "" && !strings.Contains(","+*pick+",", ","+column+",") {
			continue
		}
		if !ok && column != "reference" {
			t.Logf("%s is not tried: its runtime is absent", column)
			continue
		}
		if r.exceptions[column], err = readExceptions(filepath.Join("exceptions", column+".txt")); err != nil {
			t.Fatal(err)
		}
		tried = append(tried, column)
		wg.Go(func() { r.column(column, v, cases) })
	}
	wg.Wait()
	r.judge(tried, cases)
	for _, column := range tried {
		t.Log(strings.TrimSpace(r.table.totals(column, true)))
	}
	if *renew {
		r.write(tried)
	}
}

// selected lists the cases to try.
func selected(t *testing.T) []testCase {
	t.Helper()
	out, err := exec.Command(testkit.Python(t), "-c", "import importlib.util as u; print(u.find_spec('onnx').submodule_search_locations[0])").Output()
	if err != nil {
		t.Skip("the Python package onnx is absent")
	}
	cases, err := list(filepath.Join(strings.TrimSpace(string(out)), "backend", "test", "data"))
	if err != nil {
		t.Fatal(err)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	var chosen []testCase
	for _, c := range cases {
		h := fnv.New32a()
		_, _ = h.Write([]byte(c.name))
		if match.MatchString(c.name) && (*full || *only != "" || h.Sum32()%uint32(*share) == 0 && !strings.HasPrefix(c.name, "light/")) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// vendors makes what can be run here.
func vendors(t *testing.T, pool *worker.Pool) map[string]vendor {
	out := map[string]vendor{}
	add := func(name, format string, columns ...string) {
		rt := pool.Get(name)
		if err := rt.Check(t.Context()); err != nil {
			t.Log(err)
			return
		}
		for _, c := range columns {
			out[c] = adapter{runtime: rt, format: format}
		}
	}
	process := func(python, script string) *lines {
		l := &lines{python: python, script: script}
		t.Cleanup(l.stop)
		return l
	}
	add("ort", "onnx", "onnx", "tensorrt", "ort_raw")
	add("openvino", "", "openvino", "ov_raw")
	add("litert", "tflite", "tflite")
	for _, c := range []string{"onnx", "tensorrt", "ort_raw"} {
		if out[c] != nil {
			out[c] = packaged{out[c], process(testkit.Python(t), "testdata/ort.py"), t.TempDir()}
		}
		if out[c] != nil && !isRaw(c) {
			out[c] = checked{process(testkit.Python(t), "testdata/check.py"), out[c]}
		}
	}
	targets := filepath.Join("..", "conversion", "target")
	if p := python(os.Getenv("STUDIO_RTX_VENV")); p != "" && out["tensorrt"] != nil {
		out["tensorrt"] = checked{process(p, filepath.Join(targets, "tensorrt", "testdata", "rtx.py")), out["tensorrt"]}
	}
	if p := python(os.Getenv("STUDIO_NCNN_VENV")); p != "" {
		out["ncnn"] = ncnnVendor{process(p, filepath.Join(targets, "ncnn", "testdata", "run.py"))}
	}
	if p := python(os.Getenv("STUDIO_COREML_VENV")); p != "" {
		mil, err := all.Direct("mil", "")
		if err != nil {
			t.Fatal(err)
		}
		out["coreml"] = coreMLVendor{
			process(p, filepath.Join(targets, "coreml", "testdata", "rebuild.py")),
			adapter{runtime: mil, format: "coreml", scalars: true},
		}
	}
	return out
}

// column tries all cases on one target.
func (r *room) column(column string, v vendor, cases []testCase) {
	for _, c := range cases {
		for f := range forms {
			if f == constant && isRaw(column) {
				continue
			}
			r.slots <- struct{}{}
			o, why := r.try(column, v, c, f)
			<-r.slots
			r.note(column, c, f, o, why)
		}
	}
}

// here begins the reason of an exception that hangs on the machine: it may pass.
const here = "here: "

func (r *room) note(column string, c testCase, f form, o outcome, why string) {
	name := c.name
	if f == constant {
		name += "+const"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if reason, listed := r.exceptions[column][name]; listed {
		if o == pass && !strings.HasPrefix(reason, here) {
			r.t.Errorf("%s: %s passes now: remove it from the exceptions", column, name)
		}
		if o == mismatch || o == crashed {
			o, why = known, "exception: "+reason
		}
	}
	if o == finding && !isRaw(column) && !names(why) {
		r.t.Errorf("%s: %s ends in a finding that names neither operator nor tensor: %s", column, name, why)
	}
	r.table.set(c.name, column, f, o)
	if *only != "" && o != pass {
		r.t.Logf("%s: %s is %c: %s", column, name, o, why)
	}
	if o != pass {
		r.table.because(column, line(why), name)
	}
}

var word = regexp.MustCompile(`[A-Za-z0-9_.]+`)

// names reports whether a finding's text names an operator or, in quotes, a tensor.
func names(why string) bool {
	return strings.Contains(why, `"`) || strings.HasPrefix(why, "operator ") && strings.HasSuffix(why, " is not supported") || slices.ContainsFunc(word.FindAllString(why, -1), func(w string) bool {
		return operators[w] || operators[strings.TrimRight(w, ".")]
	})
}

// operators are those that the program knows and those of ONNX that it does not.
var operators = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range registry.Names() {
		m[n], m[n[strings.LastIndex(n, ".")+1:]] = true, true
	}
	return m
}()

// line is s as one line of bounded length, without what differs between runs.
func line(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return s
}

// try puts one form of a case to one target.
func (r *room) try(column string, v vendor, c testCase, f form) (outcome, string) {
	ctx, cancel := context.WithTimeout(r.t.Context(), deadline(c))
	defer cancel()
	var refusal *refused
	switch column {
	case "reference":
		got, want, err := reference(ctx, c, f)
		switch {
		case errors.As(err, &refusal):
			return finding, refusal.text
		case err != nil:
			return crashed, err.Error()
		}
		if draws(c.name) {
			want = drawn(got, want)
		}
		return verdict(compare(got, want))
	case "ort_raw", "ov_raw":
		a, err := raw(c)
		if err != nil {
			return finding, err.Error()
		}
		a.random = draws(c.name)
		return r.run(ctx, v, a, true)
	}
	dir, err := os.MkdirTemp(r.dir, column)
	if err != nil {
		r.t.Error(err)
		return crashed, err.Error()
	}
	defer os.RemoveAll(dir)
	a, err := convert(ctx, c, f, column, dir)
	switch {
	case errors.As(err, &refusal):
		return finding, refusal.text
	case err != nil:
		return crashed, fmt.Sprintf("converting: %v", err)
	}
	a.random = draws(c.name)
	return r.run(ctx, v, a, false)
}

// run runs an artefact. A raw file that the vendor refuses is no fault of ours.
func (r *room) run(ctx context.Context, v vendor, a artefact, raw bool) (outcome, string) {
	got, err := v.run(ctx, a)
	var died *crash
	var absent *runtimes.NotAvailableError
	var refusal *refused
	switch {
	case errors.As(err, &refusal):
		return finding, refusal.text
	case errors.As(err, &died):
		return crashed, strings.ReplaceAll(died.text, r.dir, "")
	case errors.As(err, &absent):
		r.t.Error(err)
		return crashed, err.Error()
	case err != nil && raw:
		return finding, strings.ReplaceAll(err.Error(), a.path, "the model")
	case err != nil && len(a.warnings) > 0:
		return finding, "warned: " + strings.Join(a.warnings, "; ")
	case err != nil:
		return mismatch, strings.ReplaceAll(err.Error(), filepath.Dir(a.path), "")
	}
	if a.random {
		a.want = drawn(got, a.want)
	}
	o, why := verdict(compare(a.announced(got), a.want))
	if o == mismatch && len(a.warnings) > 0 {
		return finding, "warned: " + strings.Join(a.warnings, "; ")
	}
	return o, why
}

func verdict(why string) (outcome, string) {
	if why != "" {
		return mismatch, why
	}
	return pass, ""
}

// judge compares with the table of before.
func (r *room) judge(columns []string, cases []testCase) {
	better := 0
	for _, c := range cases {
		for _, column := range columns {
			is, was := r.table.cells[c.name][column], r.old.cells[c.name][column]
			for f := range forms {
				switch d := is[f].rank() - was[f].rank(); {
				case was[f] == 0 || was[f] == absent || is[f] == absent:
				case d > 0:
					r.t.Errorf("%s: %s is %c in form %d, was %c", column, c.name, is[f], f, was[f])
				case d < 0:
					better++
				}
			}
		}
	}
	if better > 0 {
		r.t.Logf("%d results are better than in table.txt: renew it with make conformance", better)
	}
}

// write renews the files, with what was not tried as it was.
func (r *room) write(tried []string) {
	for name, row := range r.old.cells {
		for column, c := range row {
			if _, ok := r.table.cells[name][column]; !ok && (*only != "" || !*full || r.table.cells[name] != nil) {
				for f, o := range c {
					r.table.set(name, column, form(f), o)
				}
			}
		}
	}
	before, _ := os.ReadFile("findings.txt")
	legend := merge(r.table.legend(), string(before), tried)
	for file, text := range map[string]string{"table.txt": r.table.text(), "findings.txt": legend} {
		if file == "findings.txt" && (*only != "" || !*full) {
			continue
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			r.t.Error(err)
		}
	}
}
