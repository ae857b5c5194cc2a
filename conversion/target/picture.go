package target

import (
	"fmt"
	"slices"
)

// Picture says how an input is made of a picture: each element is
// (pixel*Range/255 - Mean)/Std, pixel being 0 to 255. Targets whose interface has
// a type for pictures take them instead of tensors.
type Picture struct {
	Input  string    `json:"input"`            // the input's name; "": the first
	Layout string    `json:"layout,omitempty"` // of the source's input: NCHW (also where empty) or NHWC
	Color  string    `json:"color,omitempty"`  // RGB (also where empty), BGR or GRAY
	Size   [2]int    `json:"size,omitempty"`   // height and width, where the model leaves them open
	Mean   []float64 `json:"mean,omitempty"`   // one for each channel, or one for all; default 0
	Std    []float64 `json:"std,omitempty"`    // likewise; default 1
	Range  float64   `json:"range,omitempty"`  // default 255
}

// Channels is 1 for gray pictures, else 3.
func (p *Picture) Channels() int {
	if p.Color == "GRAY" {
		return 1
	}
	return 3
}

// Scale gives a and b, one of each for every channel, with which an element is
// pixel*a + b.
func (p *Picture) Scale() (a, b []float64) {
	at := func(v []float64, c int, def float64) float64 {
		switch {
		case len(v) == 0:
			return def
		case len(v) == 1:
			return v[0]
		}
		return v[min(c, len(v)-1)]
	}
	r := p.Range
	if r == 0 {
		r = 255
	}
	for c := range p.Channels() {
		std := at(p.Std, c, 1)
		a = append(a, r/255/std)
		b = append(b, -at(p.Mean, c, 0)/std)
	}
	return a, b
}

// Classes says what the scores of a classifier mean.
type Classes struct {
	Output  string   `json:"output"`           // the output's name; "": the first
	Softmax bool     `json:"softmax"`          // the scores are logits
	Labels  []string `json:"labels,omitempty"` // by index, behind Offset
	Offset  int      `json:"offset,omitempty"` // classes before the first label
}

// Names are n different names of the classes: those before the first label are
// numbered, and a label that occurs again gets its index. False where the labels
// are not for n classes.
func (c *Classes) Names(n int) (names []string, changed int, ok bool) {
	if len(c.Labels) == 0 || len(c.Labels)+c.Offset != n {
		return nil, 0, false
	}
	seen := map[string]bool{}
	for i := range n {
		name := fmt.Sprintf("class %d", i)
		if i >= c.Offset {
			name = c.Labels[i-c.Offset]
		}
		if seen[name] || name == "" {
			changed++
		}
		for seen[name] || name == "" {
			name = fmt.Sprintf("%s (%d)", name, i)
		}
		seen[name] = true
		names = append(names, name)
	}
	return slices.Clip(names), changed, true
}
