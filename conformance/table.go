package conformance

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// columns are those of the table: the targets, then ONNX's files as they are on
// two vendors' own readers, for comparison.
var columns = []string{"reference", "onnx", "openvino", "tflite", "ncnn", "coreml", "tensorrt", "ort_raw", "ov_raw"}

// outcome is what became of a case, from best to worst. Its letter stands in the
// table.
type outcome byte

const (
	pass     outcome = 'p' // the published results
	finding  outcome = 'f' // refused with a reason
	known    outcome = 'e' // listed in the target's exceptions
	mismatch outcome = 'm' // other results, or an artefact that its runtime refuses
	crashed  outcome = 'c' // the runtime, or this program, died or hung
	absent   outcome = '-' // not tried
)

const ranking = "pfemc"

// rank orders outcomes; the higher, the worse.
func (o outcome) rank() int { return strings.IndexByte(ranking, byte(o)) }

// cell is one case on one target, in both forms.
type cell [forms]outcome

func (c cell) String() string { return string([]byte{byte(c[asIs]), byte(c[constant])}) }

// best and worst of the forms that were tried.
func (c cell) best() outcome {
	if c[constant] == absent || c[asIs].rank() < c[constant].rank() {
		return c[asIs]
	}
	return c[constant]
}

func (c cell) worst() outcome {
	if c[constant] == absent || c[asIs].rank() > c[constant].rank() {
		return c[asIs]
	}
	return c[constant]
}

// holds counts a case as passed: one form passes and the other does at least
// not go wrong.
func (c cell) holds() bool { return c.best() == pass && c.worst().rank() <= finding.rank() }

// table is all that is known: cells by case and column, and why, by column and
// reason, which cases.
type table struct {
	cells   map[string]map[string]cell
	reasons map[string]map[string][]string
}

func newTable() *table {
	return &table{map[string]map[string]cell{}, map[string]map[string][]string{}}
}

func (t *table) set(name, column string, f form, o outcome) {
	if t.cells[name] == nil {
		t.cells[name] = map[string]cell{}
	}
	c, ok := t.cells[name][column]
	if !ok {
		c = cell{absent, absent}
	}
	c[f] = o
	t.cells[name][column] = c
}

func (t *table) because(column, reason, name string) {
	if t.reasons[column] == nil {
		t.reasons[column] = map[string][]string{}
	}
	t.reasons[column][reason] = append(t.reasons[column][reason], name)
}

const head = `# ONNX's conformance cases on every target: two letters a target, for the case as it is and for the case simplified
# with all inputs but the first made constant.
#   p  passes       the published results come out
#   f  finding      refused with a reason: findings.txt
#   e  exception    differs for a reason outside this program: exceptions/TARGET.txt
#   m  mismatch     other results, or an artefact that its runtime refuses
#   c  crash        the runtime or this program died or hung
#   -  not tried
# ort_raw and ov_raw are the case's own file on ONNX Runtime and on OpenVINO's ONNX frontend.
# Written by make conformance.
`

// text is the table's file.
func (t *table) text() string {
	var b strings.Builder
	b.WriteString(head)
	width := 0
	for name := range t.cells {
		width = max(width, len(name))
	}
	for _, group := range []string{"the node cases", "all cases"} {
		fmt.Fprintf(&b, "#\n# %s\n#   %-12s %6s %8s %6s %6s %6s %6s %6s   cases that pass in one form and fail in none, as they are, with constants\n",
			group, "", "pass", "finding", "e", "m", "c", "as is", "const")
		for _, column := range columns {
			b.WriteString(t.totals(column, group == "the node cases"))
		}
	}
	fmt.Fprintf(&b, "#\n%-*s  %s\n", width, "# case", strings.Join(columns, " "))
	for _, name := range slices.Sorted(maps.Keys(t.cells)) {
		line := fmt.Sprintf("%-*s ", width, name)
		for _, column := range columns {
			c, ok := t.cells[name][column]
			if !ok {
				c = cell{absent, absent}
			}
			line += fmt.Sprintf(" %-*s", len(column), c)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// counts of one column.
type counts struct{ pass, finding, known, mismatch, crashed, asIs, constant int }

func (t *table) count(column string, nodeOnly bool) (n counts) {
	for name, row := range t.cells {
		c, ok := row[column]
		if !ok || c[asIs] == absent && c[constant] == absent || nodeOnly && strings.Contains(name, "/") {
			continue
		}
		if c[asIs] == pass {
			n.asIs++
		}
		if c[constant] == pass {
			n.constant++
		}
		switch {
		case c.holds():
			n.pass++
		case c.worst() == known:
			n.known++
		case c.worst() == mismatch:
			n.mismatch++
		case c.worst() == crashed:
			n.crashed++
		default:
			n.finding++
		}
	}
	return n
}

func (t *table) totals(column string, nodeOnly bool) string {
	n := t.count(column, nodeOnly)
	return fmt.Sprintf("#   %-12s %6d %8d %6d %6d %6d %6d %6d\n", column, n.pass, n.finding, n.known, n.mismatch, n.crashed, n.asIs, n.constant)
}

const legendHead = "# Why cases are refused or go wrong: target, number of runs, reason, the first case.\n# Written by make conformance.\n"

// legend is the file of reasons: for each target the refusals, the most frequent
// first, with how many cases each stands for and the first of them.
func (t *table) legend() string {
	var b strings.Builder
	b.WriteString(legendHead)
	for _, column := range columns {
		reasons := slices.SortedFunc(maps.Keys(t.reasons[column]), func(x, y string) int {
			if d := len(t.reasons[column][y]) - len(t.reasons[column][x]); d != 0 {
				return d
			}
			return cmp.Compare(x, y)
		})
		for _, r := range reasons {
			cases := t.reasons[column][r]
			slices.Sort(cases)
			fmt.Fprintf(&b, "%-9s %4d  %s  [%s]\n", column, len(cases), r, cases[0])
		}
	}
	return b.String()
}

// merge gives the reasons of fresh for the columns that were tried and those of old,
// the file as it was, for the others, in the table's order of columns whatever was
// tried.
func merge(fresh, old string, tried []string) string {
	var b strings.Builder
	b.WriteString(legendHead)
	for _, column := range columns {
		from := old
		if slices.Contains(tried, column) {
			from = fresh
		}
		for line := range strings.Lines(from) {
			if name, _, _ := strings.Cut(line, " "); name == column {
				b.WriteString(line)
			}
		}
	}
	return b.String()
}

// readTable reads what text wrote; an absent file is an empty table.
func readTable(file string) (*table, error) {
	t := newTable()
	b, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	for i, line := range strings.Split(string(b), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		if len(f) != len(columns)+1 {
			return nil, fmt.Errorf("%s:%d: %d fields, want %d", file, i+1, len(f), len(columns)+1)
		}
		for k, c := range f[1:] {
			if len(c) != int(forms) {
				return nil, fmt.Errorf("%s:%d: %q is no result", file, i+1, c)
			}
			if t.cells[f[0]] == nil {
				t.cells[f[0]] = map[string]cell{}
			}
			t.cells[f[0]][columns[k]] = cell{outcome(c[0]), outcome(c[1])}
		}
	}
	return t, nil
}

// readExceptions reads "case  reason" lines; cases with constants are named
// CASE+const.
func readExceptions(file string) (map[string]string, error) {
	b, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	out := map[string]string{}
	for _, line := range strings.Split(string(b), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, why, ok := strings.Cut(line, "  ")
		if !ok || strings.TrimSpace(why) == "" {
			return nil, fmt.Errorf("%s: %q gives no reason", file, line)
		}
		out[name] = strings.TrimSpace(why)
	}
	return out, nil
}
