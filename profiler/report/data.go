package report

import (
	"time"

	"slipway/conversion/diag"
	"slipway/profiler/accuracy"
	"slipway/profiler/measure"
	"slipway/profiler/verify"
	"slipway/runtimes/task"
)

// Data is all that a report tells. Texts may hold anything: they are escaped.
type Data struct {
	Studio   string // program version
	Made     time.Time
	Model    Model
	Machine  Machine
	Runtimes []Runtime
	Variants []Variant // the source first
	Benches  []Bench
	Evals    []Eval
	Pictures []Picture
	Commands []string // what does it all again
	Findings diag.List
	Graph    []byte // the model's graph as an SVG element of class "model-graph", trusted; empty: none
	NoGraph  string // why there is none, where there is something to say
}

// Model is what is known of the source model.
type Model struct {
	Name, File                string
	Format, Version, Producer string
	SHA256                    string
	Bytes, Params, MACs       int64 // below 0: unknown
	Layers                    int
	Inputs, Outputs           []IO
	Operators                 []Operator // most frequent first
	Task                      string     // "classify, 1000 labels"
}

// IO is one input or output.
type IO struct{ Name, DType, Shape string }

// Operator counts the layers of one kind.
type Operator struct {
	Name  string
	Count int
}

// Runtime is one runtime of this machine; Reason says why it is absent.
type Runtime struct {
	Name, Title, Version string
	Devices              []string
	OK                   bool
	Reason, Loses, Cure  string
}

// Variant is the source (ID 0) or an artefact.
type Variant struct {
	ID        int64
	Title     string
	Target    string // "source" for ID 0
	Precision string
	Bytes     int64
	Files     []File
	Verify    *verify.Verdict // nil for the source
	Recipe    string          // YAML
	Seconds   float64         // that the conversion took, without verification
	Findings  diag.List
}

// File is one file of an artefact.
type File struct {
	Path   string
	Bytes  int64
	SHA256 string
}

// Bench is a measurement of a variant.
type Bench struct {
	Variant int64
	measure.Result
}

// Eval is a score of a variant.
type Eval struct {
	Variant int64
	Runtime string
	Dataset string
	accuracy.Result
}

// Picture is a tested picture.
type Picture struct {
	Name  string
	Thumb []byte // JPEG, at most a few hundred pixels wide; may be empty
	Err   string // the picture could not be read
	Cells []Cell
}

// Cell is what one variant says about a picture, best class first.
type Cell struct {
	Variant     int64
	Runtime     string
	Predictions []task.Prediction
	Err         string
}

func (d *Data) variant(id int64) *Variant {
	for i := range d.Variants {
		if d.Variants[i].ID == id {
			return &d.Variants[i]
		}
	}
	return nil
}

// runtime is a runtime's name and version as they were measured.
func (d *Data) runtimeTitle(name string) string {
	for _, r := range d.Runtimes {
		if r.Name == name && r.Title != "" {
			return r.Title
		}
	}
	return name
}

// bench is the fastest measurement of a variant, nil where there is none.
func (d *Data) bench(variant int64) *Bench {
	var best *Bench
	for i := range d.Benches {
		if b := &d.Benches[i]; b.Variant == variant && b.Runs > 0 && (best == nil || b.P50MS < best.P50MS) {
			best = b
		}
	}
	return best
}

func (d *Data) eval(variant int64) *Eval {
	for i := range d.Evals {
		if d.Evals[i].Variant == variant {
			return &d.Evals[i]
		}
	}
	return nil
}
