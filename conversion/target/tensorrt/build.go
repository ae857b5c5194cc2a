package tensorrt

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target"
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
type Profile map[string]target.Range

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

func describe(g *ir.Graph, f *onnxfile.File, ranges map[string]target.Range) (*Build, diag.List, error) {
	engine := strings.TrimSuffix(f.Names[0], ".onnx") + ".engine"
	b := &Build{
		Format: 1, Model: f.Names[0], Engine: engine, TensorRT: Versions{madeFor, least}, StronglyTyped: true, Opset: f.Opset,
		Precisions: precisions(g), Inputs: ports(g.Inputs), Outputs: ports(g.Outputs),
		Flags: []string{"--onnx=" + f.Names[0], "--saveEngine=" + engine}, FlagsBefore11: []string{"--stronglyTyped"},
		MadeBy: Maker{"slipway", runtime.GOOS, runtime.GOARCH}, Checked: Check{On: "ONNX Runtime, CPU"},
	}
	spans, symbols, assumed, err := target.Spans(g, ranges)
	if err != nil {
		return nil, nil, err
	}
	if len(symbols) == 0 {
		return b, nil, nil
	}
	p := Profile{}
	told, _ := shapeInputs(g)
	sized := slices.DeleteFunc(slices.Clone(g.Inputs), func(v *ir.Value) bool { return slices.Contains(told, v) }) // of others, values would be taken from it
	for _, v := range sized {
		if v.Shape == nil {
			return nil, nil, diag.Errorf("tensorrt.rank", "the rank of input %q is not known", v.Name).Suggest("give its shape: --input-shape %s=…", v.Name)
		}
		var r target.Range
		for _, at := range []struct {
			dst  *[]int64
			size func(target.Span) int64
		}{
			{&r.Min, func(s target.Span) int64 { return s.Min }}, {&r.Opt, func(s target.Span) int64 { return s.Opt }}, {&r.Max, func(s target.Span) int64 { return s.Max }},
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
		of   func(target.Range) []int64
	}{
		{"--minShapes", func(r target.Range) []int64 { return r.Min }},
		{"--optShapes", func(r target.Range) []int64 { return r.Opt }},
		{"--maxShapes", func(r target.Range) []int64 { return r.Max }},
	} {
		var parts []string
		for _, v := range sized {
			parts = append(parts, v.Name+":"+strings.Trim(strings.ReplaceAll(fmt.Sprint(flag.of(p[v.Name])), " ", "x"), "[]"))
		}
		b.Flags = append(b.Flags, flag.name+"="+strings.Join(parts, ","))
	}
	if len(assumed) == 0 {
		return b, nil, nil
	}
	var words []string
	for _, s := range assumed {
		words = append(words, fmt.Sprintf("%s %d to %d, best %d", s, spans[s].Min, spans[s].Max, spans[s].Opt))
	}
	return b, diag.List{diag.Infof("tensorrt.profile", "the optimisation profile assumes %s", strings.Join(words, "; ")).
		Suggest("say what will be asked of the engine: --profile %s=MIN:BEST:LARGEST, or fix the sizes with --input-shape", g.Inputs[0].Name)}, nil
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
