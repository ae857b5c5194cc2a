package quantized

import (
	"slipway/conversion/diag"
	"slipway/conversion/ir"
)

// Told collects layers that are computed in floats, one finding for each reason.
type Told struct {
	Code string // of the findings
	list diag.List
	by   map[string]*diag.Finding
}

// Add tells of n; why is a clause on the runtime.
func (t *Told) Add(n *ir.Node, why string) {
	f := t.by[why]
	if f == nil {
		f = diag.Infof(t.Code, "quantized layers are computed in floats: %s", why)
		if t.by == nil {
			t.by = map[string]*diag.Finding{}
		}
		t.by[why], t.list = f, append(t.list, f)
	}
	f.Layers = append(f.Layers, n.Origin...)
}

// Findings are in the order in which their reasons came up.
func (t *Told) Findings() diag.List { return t.list }
