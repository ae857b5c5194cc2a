package plan

import (
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

// Note says why layers stay in float on a target.
type Note struct {
	Target string   `json:"target"`
	Text   string   `json:"text"`
	Layers []string `json:"layers"`
}

// SideBySide joins what Inspect found for int8. Rows are in the order of the
// first target that has the layer.
func SideBySide(support []Support) Table {
	var t Table
	at := map[string]int{}
	for k, s := range support {
		if s.Layers == nil {
			continue
		}
		t.Targets = append(t.Targets, s.Target)
		col := len(t.Targets) - 1
		reasons := map[string]int{}
		for _, l := range support[k].Layers {
			i, ok := at[l.Layer]
			if !ok {
				i = len(t.Rows)
				at[l.Layer] = i
				t.Rows = append(t.Rows, Row{Layer: l.Layer, Op: l.Op})
			}
			r := &t.Rows[i]
			for len(r.In) <= col {
				r.In = append(r.In, "–")
			}
			// A layer of several operators is integer where one of them is.
			if r.In[col] == "–" || r.In[col] == "float" {
				r.In[col] = l.In
			}
			if l.In != "float" {
				continue
			}
			n, ok := reasons[l.Why]
			if !ok {
				n = len(t.Notes)
				reasons[l.Why] = n
				t.Notes = append(t.Notes, Note{Target: s.Target, Text: l.Why})
			}
			if !slices.Contains(t.Notes[n].Layers, l.Layer) {
				t.Notes[n].Layers = append(t.Notes[n].Layers, l.Layer)
			}
		}
	}
	for i := range t.Rows {
		for len(t.Rows[i].In) < len(t.Targets) {
			t.Rows[i].In = append(t.Rows[i].In, "–")
		}
	}
	for i, n := range t.Notes {
		first := n.Layers[:min(3, len(n.Layers))]
		more := ""
		if d := len(n.Layers) - len(first); d > 0 {
			more = fmt.Sprintf(" and %d more", d)
		}
		t.Notes[i].Text = fmt.Sprintf("%s in float: %s", strings.Join(first, ", ")+more, n.Text)
	}
	return t
}
