package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"

	"slipway/conversion/options"
	"slipway/conversion/pass/prune"
	"slipway/conversion/pass/quantize"
	"slipway/conversion/target"
	"slipway/conversion/target/coreml"
)

// Recipe is everything that a person may set about a conversion, for all
// targets alike. The zero value of a field means its default; Default fills
// them. Tags: yaml and json name the keys of files, key and the rest are read
// by package options.
type Recipe struct {
	Version     int                     `yaml:"version" json:"version"`
	Precision   string                  `yaml:"precision" json:"precision" key:"precision" title:"Precision" help:"Number format of the artefact's weights and arithmetic" choices:"fp32|fp16|int8"`
	Quantize    Quantize                `yaml:"quantize,omitempty" json:"quantize" key:"quantize" when:"precision=int8"`
	Prune       Prune                   `yaml:"prune,omitempty" json:"prune" key:"prune"`
	CoreML      coreml.Settings         `yaml:"coreml,omitempty" json:"coreml" key:"coreml"`
	Batch       string                  `yaml:"batch,omitempty" json:"batch,omitempty" key:"batch" title:"Batch" help:"Size of the first dimension: keep, dynamic, or a number"`
	Layout      string                  `yaml:"layout,omitempty" json:"layout,omitempty" key:"layout" title:"Input and output layout" help:"source: as the model has it" choices:"source|nchw|nhwc"`
	InputShapes map[string][]int64      `yaml:"input_shapes,flow,omitempty" json:"input_shapes,omitempty"`
	Profile     map[string]target.Range `yaml:"profile,omitempty" json:"profile,omitempty"` // input -> what its open sizes may be
	Passes      []string                `yaml:"passes,flow,omitempty" json:"passes,omitempty" key:"passes" title:"Only these passes" help:"Empty: all that apply" more:"true"`
	SkipPasses  []string                `yaml:"skip_passes,flow,omitempty" json:"skip_passes,omitempty" key:"skip_passes" title:"Skip passes" help:"Passes that are left out; inspect and the details of an artefact name them" more:"true"`
	Samples     int                     `yaml:"samples,omitempty" json:"samples,omitempty" key:"samples" title:"Verification samples" help:"Inputs on which the artefact is compared with the source" min:"1" max:"64" more:"true"`
}

// Quantize holds the settings of int8.
type Quantize struct {
	Scheme      string `yaml:"scheme,omitempty" json:"scheme,omitempty" key:"scheme" title:"Quantization" help:"static measures ranges on calibration pictures; dynamic measures them while running; weight-only keeps float arithmetic" choices:"static|dynamic|weight-only"`
	Calibration string `yaml:"calibrate,omitempty" json:"calibrate,omitempty" key:"calibrate" title:"Calibration data" help:"Folder of pictures, or of .npy and .npz tensors" when:"scheme=static"`
	Images      int    `yaml:"images,omitempty" json:"images,omitempty" key:"images" title:"Calibration inputs" help:"At most so many are used" min:"1" max:"10000" when:"scheme=static"`

	quantize.Options `yaml:",inline" when:"scheme=static"`
}

// Prune holds the settings of pruning.
type Prune struct {
	Method string `yaml:"method,omitempty" json:"method,omitempty" key:"method" title:"Pruning" help:"magnitude sets the smallest weights to zero: smaller after compression, not faster; 2:4 is what NVIDIA's sparse units take" choices:"none|magnitude|2:4"`

	prune.Options `yaml:",inline" when:"method=magnitude"`
}

// Default is the recipe that changes nothing but the format.
func Default() Recipe {
	return Recipe{
		Version: 1, Precision: "fp32", Batch: "keep", Layout: "source", Samples: 4,
		Quantize: Quantize{Scheme: "static", Images: 100, Options: *quantize.Defaults(nil)},
		Prune:    Prune{Method: "none", Options: prune.Options{Ratio: 0.3, Scope: "global"}},
		CoreML:   coreml.Defaults(),
	}
}

// ParseRecipe reads a recipe's YAML over the defaults. An unknown key or a
// value out of range is an error that names it.
func ParseRecipe(b []byte) (Recipe, error) {
	r := Default()
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&r); err != nil && !errors.Is(err, io.EOF) {
		return r, fmt.Errorf("recipe: %w", err)
	}
	return r, r.Check()
}

// Check reports the first value that is out of range.
func (r *Recipe) Check() error {
	if r.Version != 1 {
		return fmt.Errorf("recipe: version %d is not known to this program (1 is)", r.Version)
	}
	if err := options.Check(r); err != nil {
		return fmt.Errorf("recipe: %w", err)
	}
	if n, err := strconv.Atoi(r.Batch); r.Batch != "keep" && r.Batch != "dynamic" && r.Batch != "" && (err != nil || n < 1) {
		return fmt.Errorf("recipe: batch: %q is not keep, dynamic or a number", r.Batch)
	}
	for name, s := range r.InputShapes {
		for _, d := range s {
			if d == 0 || d < -1 {
				return fmt.Errorf("recipe: input_shapes: %s: %v has a dimension out of range", name, s)
			}
		}
	}
	for name, p := range r.Profile {
		if len(p.Min) == 0 || len(p.Opt) != len(p.Min) || len(p.Max) != len(p.Min) {
			return fmt.Errorf("recipe: profile: %s: min %v, opt %v and max %v are not of one rank", name, p.Min, p.Opt, p.Max)
		}
		for i := range p.Min {
			if p.Min[i] < 1 || p.Opt[i] < p.Min[i] || p.Max[i] < p.Opt[i] {
				return fmt.Errorf("recipe: profile: %s: %d, %d, %d are no range", name, p.Min[i], p.Opt[i], p.Max[i])
			}
		}
	}
	return nil
}

// YAML writes the recipe as a file that ParseRecipe reads.
func (r *Recipe) YAML() ([]byte, error) { return yaml.Marshal(r) }

// Key is a canonical text of all that influences the artefact: equal keys give
// equal artefacts, as long as what lies in the folder that CalibratedOn names stays
// the same. Settings that do not apply are left out of it.
func (r *Recipe) Key() string {
	c := *r
	c.Samples = 0
	if c.Precision != "int8" {
		c.Quantize = Quantize{}
	}
	if c.Prune.Method == "none" || c.Prune.Method == "" {
		c.Prune = Prune{}
	}
	b, err := json.Marshal(&c) // map keys are sorted
	if err != nil {
		panic(err) // plain data always marshals
	}
	return string(b)
}

// Clone copies the recipe deeply.
func (r *Recipe) Clone() Recipe {
	c := *r
	c.InputShapes, c.Profile = maps.Clone(r.InputShapes), maps.Clone(r.Profile)
	c.Passes, c.SkipPasses = slices.Clone(r.Passes), slices.Clone(r.SkipPasses)
	c.Quantize.KeepFloat, c.Quantize.Ops = slices.Clone(r.Quantize.KeepFloat), slices.Clone(r.Quantize.Ops)
	c.Prune.Layers = maps.Clone(r.Prune.Layers)
	return c
}
