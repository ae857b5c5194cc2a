package target

import (
	"context"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// Target writes one format.
type Target interface {
	Info() Info
	// Legal returns nil where the target can spell n as it is, else a finding
	// that says why not. Called after shape inference.
	Legal(n *ir.Node, o Options) *diag.Finding
	// Prepare runs the target's own passes (layout, fusion of activations …) on a
	// graph that is legal; may be a no-op.
	Prepare(ctx context.Context, g *ir.Graph, reg *op.Registry, o Options) (diag.List, error)
	// Write writes the artefact's files into dir (which exists and is private to
	// the call) with the base name o.Name, and returns them, main file first,
	// together with how its layers are called.
	Write(ctx context.Context, g *ir.Graph, dir string, o Options) (*Artefact, error)
}

// Info describes a target to people and forms.
type Info struct {
	Name       string   `json:"name"` // "onnx"
	Title      string   `json:"title"`
	Short      string   `json:"-"` // of Title, where there is little room; "": Title is short
	About      string   `json:"about"`
	Precisions []string `json:"precisions"` // "fp32", "fp16", "int8"
	Runtimes   []string `json:"runtimes"`   // runtimes that can check it, preferred first
	Main       string   `json:"main"`       // main file's extension: ".onnx"
}

// Brief is the title where there is little room: in tables, charts and names of
// artefacts.
func (i Info) Brief() string {
	if i.Short != "" {
		return i.Short
	}
	return i.Title
}

// Options say how to write.
type Options struct {
	Name      string // base name of the files
	Precision string // fp32, fp16, int8
	Layout    string // "", "nchw", "nhwc": the artefact's inputs and outputs
	Registry  *op.Registry
	Ranges    map[string]Range  // by input: what its open sizes may be
	Values    map[string]string // target-specific options, by key
	Picture   *Picture          // how an input is made of pictures; nil: not known, or not wanted
	Classes   *Classes          // what the scores mean; nil: not known, or not wanted
	Others    []Target          // the program's targets: a refusal says which of them take what this one does not
}

// Range is the smallest, the usual and the largest shape of an input, of equal
// rank. Sizes that the model fixes are the same in all three.
type Range struct {
	Min []int64 `yaml:"min,flow" json:"min"`
	Opt []int64 `yaml:"opt,flow" json:"opt"`
	Max []int64 `yaml:"max,flow" json:"max"`
}

// Artefact is what was written.
type Artefact struct {
	Files    []string            // relative to dir, main file first
	Layers   map[string][]string // artefact layer name -> source layers
	Taps     map[string]string   // source layer -> name of the artefact tensor that holds its output, where one does
	Findings diag.List
	Stored   map[string]string // source layer -> what its weights are stored as, where writing decided that
	Sums     map[string]string // file -> SHA-256 in hex, where writing it computed that
}

// Fitter is implemented by targets that need more changed than one node at a time
// before Legal is asked, as those that cannot leave every size open: Fit does it,
// with a finding where that narrows what the model takes.
type Fitter interface {
	Fit(ctx context.Context, g *ir.Graph, reg *op.Registry, o Options) (diag.List, error)
}

// Pacer is implemented by targets whose runtime is much slower at some of what
// they can spell. Slow lists it for a graph that Prepare has prepared; remark is
// a sentence about the whole, or "".
type Pacer interface {
	Slow(ctx context.Context, g *ir.Graph, o Options) (list []Slow, remark string, err error)
}

// Slow is a layer that leaves its target's fast path.
type Slow struct {
	Layer string `json:"layer"` // source layer
	Op    string `json:"op"`    // as the target calls it
	Why   string `json:"why"`
}

// FloatLayers is implemented by targets whose runtime computes some quantized
// layers in float. Why says so of a node, or "".
type FloatLayers interface {
	FloatLayer(n *ir.Node) string
}

// Tapper is implemented by targets whose runtime cannot return intermediate
// tensors by itself: Tap writes a copy of the artefact, into dir, whose outputs
// are its own followed by the named tensors, and returns the copy's main file.
type Tapper interface {
	Tap(ctx context.Context, path string, tensors []string, dir string) (string, error)
}

// Typed is implemented by targets whose operators compute in few element types.
// Computes tells whether some compute in d; what comes in another type is widened
// before it is decomposed.
type Typed interface {
	Computes(d tensor.DType) bool
}

// Flat is implemented by targets whose tensors have a limited number of axes; what
// has more is computed with axes joined.
type Flat interface {
	MaxAxes() int
}

// Joining is implemented by targets whose tensors may have any number of axes, while
// operators work on few: where one works on fewer than a node has, axes are joined
// until there are JoinAxes.
type Joining interface {
	JoinAxes() int
}

// LastResort is implemented by targets that can spell some nodes in a form that
// they avoid as long as a decomposition serves: a newer operator set, for example.
// It is asked about nodes that Legal refuses and that have no decomposition, and
// answers as Legal does.
type LastResort interface {
	LastResort(n *ir.Node, o Options) *diag.Finding
}

// Namer is implemented by targets that can list the tensors of an artefact file
// that a tap can return, so that an artefact of unknown origin can be compared
// layer by layer.
type Namer interface {
	Tensors(ctx context.Context, path string) ([]string, error)
}
