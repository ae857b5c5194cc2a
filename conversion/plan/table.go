package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Table holds one quantization plan as each target will run it.
type Table struct {
	Targets []string `json:"targets"`
	Rows    []Row    `json:"rows"`
	Notes   []Note   `json:"notes"` // reasons, once each
}

// Row is a layer of the source; In has an entry for each target, "–" where the
// layer is part of another one there.
type Row struct {
	Layer string   `json:"layer"`
	Op    string   `json:"op"`
	In    []string `json:"in"`
}

// Note says why layers stay in float on targets: all reasons, that of most layers
// first, each with the number of its layers.
type Note struct {
	Targets []string `json:"targets"`
	Text    string   `json:"text"`
}

// SideBySide joins what Inspect found for int8. Rows are in the order of the
// first target that has the layer.
func SideBySide(support []Support) Table {
	var t Table
	at := map[string]int{}
	for k := range support {
		s := &support[k]
		if s.Layers == nil {
			continue
		}
		t.Targets = append(t.Targets, s.Target)
		col := len(t.Targets) - 1
		reasons := map[string]int{}
		for _, l := range s.Merged() {
			i, ok := at[l.Layer]
			if !ok {
				i = len(t.Rows)
				at[l.Layer] = i
				t.Rows = append(t.Rows, Row{Layer: l.Layer, Op: l.Op})
			}
			r := &t.Rows[i]
			for len(r.In) < col {
				r.In = append(r.In, "–")
			}
			r.In = append(r.In, l.In)
			if l.In == "float" {
				reasons[l.Why]++
			}
		}
		if len(reasons) > 0 {
			text := "in float: " + reasoned(reasons)
			i := slices.IndexFunc(t.Notes, func(n Note) bool { return n.Text == text })
			if i < 0 {
				t.Notes, i = append(t.Notes, Note{Text: text}), len(t.Notes)
			}
			t.Notes[i].Targets = append(t.Notes[i].Targets, s.Target)
		}
	}
	for i := range t.Rows {
		for len(t.Rows[i].In) < len(t.Targets) {
			t.Rows[i].In = append(t.Rows[i].In, "–")
		}
	}
	return t
}

// noKernel begins a reason that ends in an operator; those are said together.
const noKernel = "the runtime has no integer kernel for "

// reasoned puts reasons with the numbers of their layers into one line.
func reasoned(layers map[string]int) string {
	type part struct {
		text string
		n    int
	}
	order := func(l []part) []string {
		slices.SortFunc(l, func(a, b part) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.text, b.text)) })
		var out []string
		for _, p := range l {
			out = append(out, p.text)
		}
		return out
	}
	var ops, all []part
	without := 0
	for why, n := range layers {
		op, ok := strings.CutPrefix(why, noKernel)
		text := fmt.Sprintf("%s (%d)", cmp.Or(op, "without a reason"), n)
		if ok {
			ops = append(ops, part{text, n})
			without += n
			continue
		}
		all = append(all, part{text, n})
	}
	if len(ops) > 0 {
		all = append(all, part{noKernel + strings.Join(order(ops), ", "), without})
	}
	return strings.Join(order(all), "; ")
}
