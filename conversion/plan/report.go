package plan

import (
	"slipway/conversion/diag"
	"slipway/conversion/pass"
)

// Artefact is one file of the result.
type Artefact struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Seconds are the wall times of the stages.
type Seconds struct {
	Open   float64 `json:"open"`
	Passes float64 `json:"passes"`
	Write  float64 `json:"write"`
	Verify float64 `json:"verify"`
}

// Layer pairs a source layer with the tensor that holds its output in the
// source file and in the artefact.
type Layer struct {
	Name     string `json:"name"`
	Source   string `json:"source"`
	Artefact string `json:"artefact"`
}

// Report is what one conversion did; its JSON is part of the command line's
// contract, to which package pipeline adds the verdict.
type Report struct {
	Model     string            `json:"model"`
	Target    string            `json:"target"`
	OK        bool              `json:"ok"`
	Artefacts []Artefact        `json:"artefacts"`
	Seconds   Seconds           `json:"seconds"`
	Passes    []pass.Report     `json:"passes"`
	Precision map[string]string `json:"precision"` // source layer -> element type of its output or weights
	Findings  diag.List         `json:"findings"`

	// Provenance: artefact layer -> source layers, and where the outputs of
	// source layers can be tapped, in topological order.
	Sources map[string][]string `json:"sources,omitempty"`
	Layers  []Layer             `json:"layers,omitempty"`
}

// Event is progress of one conversion: Fraction is 0..1 over all stages.
type Event struct {
	Stage    string  `json:"stage"` // open, passes, calibrate, write, verify
	Fraction float64 `json:"fraction"`
	Text     string  `json:"text"`
}
