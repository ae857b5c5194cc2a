package tensorrt

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target/internal/onnxfile"
	"slipway/conversion/tensor"
)

// Versions of TensorRT: the one that the artefact is made for, and the first
// that builds strongly typed networks from all that is written here.
const (
	madeFor = "11"
	least   = "10.0"
)

// Build is NET.build.json.
type Build struct {
	Format        int       `json:"format"` // of this file: 1
	Model         string    `json:"model"`
	Engine        string    `json:"engine"` // the file that Flags name
	TensorRT      Versions  `json:"tensorrt"`
	StronglyTyped bool      `json:"strongly_typed"`
	Opset         int       `json:"opset"`
	Precisions    []string  `json:"precisions"` // element types that layers compute in or read
	Inputs        []Port    `json:"inputs"`
	Outputs       []Port    `json:"outputs"`
	Profiles      []Profile `json:"profiles,omitempty"` // none where every size is known
	Flags         []string  `json:"flags"`              // for trtexec
	FlagsBefore11 []string  `json:"flags_before_11"`    // further ones, where strong typing has to be asked for
	MadeBy        Maker     `json:"made_by"`
	Checked       Check     `json:"checked"`
}

// Versions say which TensorRT the artefact is for.
type Versions struct {
	MadeFor string `json:"made_for"`
	Least   string `json:"least"`
}

// Port is an input or output; a dimension is a number or an expression.
type Port struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []any  `json:"shape"`
}

// Profile holds the sizes of one optimisation profile, by input.
type Profile map[string]Range

// Range is an input's smallest, best and largest shape.
type Range struct {
	Min []int64 `json:"min"`
	Opt []int64 `json:"opt"`
	Max []int64 `json:"max"`
}

// Maker is the environment that the artefact was made in.
type Maker struct {
	Program string `json:"program"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Check says where the numbers are compared with the source's.
type Check struct {
	On       string `json:"on"`
	TensorRT bool   `json:"tensorrt"` // an engine was built and run
}

// span is how a symbolic dimension may vary.
type span struct{ min, opt, max int64 }

// Assumed spans by what a dimension means: the first of an input is its batch,
// the last two of four are a picture's sides, all others lengths.
var (
	batches = span{1, 8, 32}
	sides   = span{32, 224, 640}
	lengths = span{1, 128, 512}
)

func describe(g *ir.Graph, f *onnxfile.File) (*Build, diag.List, error) {
	engine := strings.TrimSuffix(f.Names[0], ".onnx") + ".plan"
	b := &Build{
		Format: 1, Model: f.Names[0], Engine: engine, TensorRT: Versions{madeFor, least}, StronglyTyped: true, Opset: f.Opset,
		Precisions: precisions(g), Inputs: ports(g.Inputs), Outputs: ports(g.Outputs),
		Flags: []string{"--onnx=" + f.Names[0], "--saveEngine=" + engine}, FlagsBefore11: []string{"--stronglyTyped"},
		MadeBy: Maker{"slipway", runtime.GOOS, runtime.GOARCH}, Checked: Check{On: "ONNX Runtime, CPU"},
	}
	spans, symbols := map[string]span{}, []string{}
	for _, v := range g.Inputs {
		for i, d := range v.Shape {
			for _, s := range d.Symbols() {
				if _, have := spans[s]; !have {
					symbols = append(symbols, s)
					spans[s] = spanOf(v, i)
				}
			}
		}
	}
	if len(symbols) == 0 {
		return b, nil, nil
	}
	p := Profile{}
	for _, v := range g.Inputs {
		if v.Shape == nil {
			return nil, nil, diag.Errorf("tensorrt.rank", "the rank of input %q is not known", v.Name).Suggest("give its shape: --input-shape %s=…", v.Name)
		}
		var r Range
		for _, at := range []struct {
			dst  *[]int64
			size func(span) int64
		}{
			{&r.Min, func(s span) int64 { return s.min }}, {&r.Opt, func(s span) int64 { return s.opt }}, {&r.Max, func(s span) int64 { return s.max }},
		} {
			for _, d := range v.Shape {
				n, ok := d.With(func(s string) int64 { return at.size(spans[s]) })
				if !ok {
					return nil, nil, diag.Errorf("tensorrt.profile", "no sizes can be given for dimension %v of input %q", d, v.Name).
						Suggest("fix it: --input-shape %s=…", v.Name)
				}
				*at.dst = append(*at.dst, n)
			}
		}
		p[v.Name] = r
	}
	b.Profiles = []Profile{p}
	for _, flag := range []struct {
		name string
		of   func(Range) []int64
	}{
		{"--minShapes", func(r Range) []int64 { return r.Min }},
		{"--optShapes", func(r Range) []int64 { return r.Opt }},
		{"--maxShapes", func(r Range) []int64 { return r.Max }},
	} {
		var parts []string
		for _, v := range g.Inputs {
			parts = append(parts, v.Name+":"+strings.Trim(strings.ReplaceAll(fmt.Sprint(flag.of(p[v.Name])), " ", "x"), "[]"))
		}
		b.Flags = append(b.Flags, flag.name+"="+strings.Join(parts, ","))
	}
	var words []string
	for _, s := range symbols {
		words = append(words, fmt.Sprintf("%s %d to %d, best %d", s, spans[s].min, spans[s].max, spans[s].opt))
	}
	return b, diag.List{diag.Infof("tensorrt.profile", "the optimisation profile assumes %s", strings.Join(words, "; ")).
		Suggest("change the profile in %s to what will be asked of the engine, or fix the sizes with --input-shape", strings.TrimSuffix(f.Names[0], ".onnx")+".build.json")}, nil
}

func spanOf(v *ir.Value, axis int) span {
	switch {
	case axis == 0:
		return batches
	case v.Rank() == 4 && axis >= 2:
		return sides
	}
	return lengths
}

func ports(vs []*ir.Value) []Port {
	out := []Port{}
	for _, v := range vs {
		p := Port{Name: v.Name, DType: v.DType.String(), Shape: []any{}}
		for _, d := range v.Shape {
			if n, ok := d.Int(); ok {
				p.Shape = append(p.Shape, n)
			} else {
				p.Shape = append(p.Shape, d.String())
			}
		}
		out = append(out, p)
	}
	return out
}

// precisions lists the element types that arithmetic is done in: those of
// floating-point results, and of what is quantized.
func precisions(g *ir.Graph) []string {
	seen := map[string]bool{}
	for _, n := range g.Nodes {
		if n.Op == "Cast" || n.Op == "Identity" {
			continue
		}
		if n.Op == "DequantizeLinear" {
			seen[n.In(0).DType.String()] = true
			continue
		}
		if v := n.Out(0); v != nil && v.DType.IsFloat() && v.DType != tensor.Invalid {
			seen[v.DType.String()] = true
		}
	}
	var out []string
	for s := range seen {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// command is Flags as one line.
func (b *Build) command() string { return strings.Join(b.Flags, " ") }
