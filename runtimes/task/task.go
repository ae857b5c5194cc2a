package task

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Kind is what the model does.
type Kind string

// The kinds of task.
const (
	Classify Kind = "classify" // one score per class
	Detect   Kind = "detect"   // boxes with class and score
	Embed    Kind = "embed"    // one vector
	Generic  Kind = "generic"  // tensors in, tensors out: nothing is known
)

// Task is pre- and post-processing as data. The zero value is Generic.
type Task struct {
	Kind   Kind     `yaml:"task" json:"task"`
	Input  Input    `yaml:"input" json:"input"`
	Output Output   `yaml:"output,omitempty" json:"output"`
	Labels []string `yaml:"-" json:"-"` // class names by index; loaded from Output.Labels
	// Guessed is set by Guess: scores that are no probabilities are taken as logits.
	Guessed bool     `yaml:"-" json:"guessed,omitempty"`
	Folder  []string `yaml:"-" json:"-"` // dataset folder names by index; loaded from Output.Classes
}

// Input says how a picture becomes the model's input tensor of shape
// [1,C,H,W] (NCHW) or [1,H,W,C] (NHWC): value = (pixel*Range/255 - Mean)/Std.
type Input struct {
	Name   string    `yaml:"name,omitempty" json:"name,omitempty"` // "": the first input
	Layout string    `yaml:"layout,omitempty" json:"layout,omitempty"`
	Size   [2]int    `yaml:"size,flow,omitempty" json:"size"` // height, width
	Color  string    `yaml:"color,omitempty" json:"color,omitempty"`
	Resize Resize    `yaml:"resize,omitempty" json:"resize"`
	Mean   []float64 `yaml:"mean,flow,omitempty" json:"mean,omitempty"` // one per channel, or one for all; default 0
	Std    []float64 `yaml:"std,flow,omitempty" json:"std,omitempty"`   // likewise; default 1
	Range  float64   `yaml:"range,omitempty" json:"range,omitempty"`    // white before Mean and Std: 255 or 1; default 255
}

// Resize says how a picture of any size becomes Size.
type Resize struct {
	// Mode: "short-side" scales the short side to Short and crops the centre;
	// "stretch" ignores the aspect; "letterbox" fits and fills the rest at the
	// right and bottom with Fill; "letterbox-center" likewise around.
	Mode   string `yaml:"mode,omitempty" json:"mode,omitempty"`
	Short  int    `yaml:"size,omitempty" json:"size,omitempty"`
	Filter string `yaml:"filter,omitempty" json:"filter,omitempty"` // nearest, bilinear, bicubic, lanczos
	Fill   uint8  `yaml:"fill,omitempty" json:"fill,omitempty"`
}

// Output says how the outputs become predictions.
type Output struct {
	Name    string `yaml:"name,omitempty" json:"name,omitempty"`
	Softmax bool   `yaml:"softmax,omitempty" json:"softmax,omitempty"` // scores are logits
	Labels  string `yaml:"labels,omitempty" json:"labels,omitempty"`   // file with a class a line, beside the task file
	// Classes is a file with another name a line for each class, as dataset
	// folders use them (ImageNet's synsets).
	Classes string  `yaml:"classes,omitempty" json:"classes,omitempty"`
	Offset  int     `yaml:"offset,omitempty" json:"offset,omitempty"`   // classes before label 0 (a background class)
	Decoder string  `yaml:"decoder,omitempty" json:"decoder,omitempty"` // detect: "yolox", "yolov8"
	Score   float64 `yaml:"score,omitempty" json:"score,omitempty"`     // detect: least score, default 0.3
	IoU     float64 `yaml:"iou,omitempty" json:"iou,omitempty"`         // detect: non-maximum suppression, default 0.45
}

// Prediction is one class, or one box with its class. Box is x0,y0,x1,y1 in
// pixels of the upright picture.
type Prediction struct {
	Label string      `json:"label"`
	Index int         `json:"index"`
	Score float64     `json:"score"`
	Box   *[4]float64 `json:"box,omitempty"`
}

// Load reads a task file and the labels beside it.
func Load(path string) (*Task, error) {
	return LoadFS(os.DirFS(filepath.Dir(path)), filepath.Base(path))
}

// LoadFS is Load inside a file system (the embedded samples).
func LoadFS(fsys fs.FS, name string) (*Task, error) {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("task: %w", err)
	}
	t, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("task: %s: %w", name, err)
	}
	if t.Output.Labels != "" {
		l, err := fs.ReadFile(fsys, t.Output.Labels)
		if err != nil {
			return nil, fmt.Errorf("task: labels of %s: %w", name, err)
		}
		t.Labels = ParseLabels(l)
	}
	if t.Output.Classes != "" {
		l, err := fs.ReadFile(fsys, t.Output.Classes)
		if err != nil {
			return nil, fmt.Errorf("task: classes of %s: %w", name, err)
		}
		t.Folder = ParseLabels(l)
	}
	return t, nil
}

// Parse reads a task's YAML; unknown keys are errors. Labels are not loaded.
func Parse(b []byte) (*Task, error) {
	t := &Task{}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(t); err != nil {
		return nil, err
	}
	return t, t.Check()
}

// Check reports the first field that is out of its range.
func (t *Task) Check() error {
	in := &t.Input
	one := func(key, v string, allowed ...string) error {
		if v == "" {
			return nil
		}
		for _, a := range allowed {
			if v == a {
				return nil
			}
		}
		return fmt.Errorf("%s: %q is not one of %s", key, v, strings.Join(allowed, ", "))
	}
	for _, err := range []error{
		one("task", string(t.Kind), string(Classify), string(Detect), string(Embed), string(Generic)),
		one("layout", in.Layout, "NCHW", "NHWC"),
		one("color", in.Color, "RGB", "BGR", "GRAY"),
		one("resize.mode", in.Resize.Mode, "short-side", "stretch", "letterbox", "letterbox-center"),
		one("resize.filter", in.Resize.Filter, "nearest", "bilinear", "bicubic", "lanczos"),
		one("output.decoder", t.Output.Decoder, "yolox", "yolov8"),
	} {
		if err != nil {
			return err
		}
	}
	for _, n := range []int{len(in.Mean), len(in.Std)} {
		if n > 1 && n != in.channels() {
			return fmt.Errorf("mean and std need 1 or %d numbers, have %d", in.channels(), n)
		}
	}
	for _, s := range in.Std {
		if s == 0 {
			return fmt.Errorf("std must not be 0")
		}
	}
	if in.Size[0] < 0 || in.Size[1] < 0 || in.Size[0] > 1<<14 || in.Size[1] > 1<<14 {
		return fmt.Errorf("size %v is out of range", in.Size)
	}
	return nil
}

// ParseLabels splits a labels file: a class a line, blank lines kept.
func ParseLabels(b []byte) []string {
	var out []string
	s := bufio.NewScanner(bytes.NewReader(b))
	for s.Scan() {
		out = append(out, strings.TrimSpace(s.Text()))
	}
	return out
}

func (in *Input) channels() int {
	if in.Color == "GRAY" {
		return 1
	}
	return 3
}

// Find looks for the task of a model file: NAME.task.yaml beside it, with the
// model's extension removed. It returns nil, nil where there is none.
func Find(model string) (*Task, error) {
	p := strings.TrimSuffix(model, filepath.Ext(model)) + ".task.yaml"
	if _, err := os.Stat(p); err != nil {
		return nil, nil
	}
	return Load(p)
}

// Guess makes the task that fits a model's interface best where nobody said
// anything: a 4-D picture-like input (1 or 3 channels) and one vector of scores
// is a classifier with ImageNet's mean and standard deviation on 0..1. The
// second result says in words what was guessed, for a finding.
func Guess(inputs, outputs []runtimes.IO) (*Task, string) {
	generic := &Task{Kind: Generic}
	if len(inputs) != 1 || len(inputs[0].Shape) != 4 {
		return generic, "the model does not take one picture"
	}
	s := inputs[0].Shape
	in := Input{Name: inputs[0].Name, Layout: "NCHW", Size: [2]int{s[2], s[3]}, Range: 1}
	c := s[1]
	if c != 1 && c != 3 && (s[3] == 1 || s[3] == 3) {
		in.Layout, in.Size, c = "NHWC", [2]int{s[1], s[2]}, s[3]
	}
	switch {
	case c == 3:
		in.Color, in.Mean, in.Std = "RGB", []float64{0.485, 0.456, 0.406}, []float64{0.229, 0.224, 0.225}
	case c == 1:
		in.Color = "GRAY"
	default:
		return generic, fmt.Sprintf("an input of shape %v is no picture", s)
	}
	for i := range in.Size {
		if in.Size[i] <= 0 {
			in.Size[i] = 224
		}
	}
	in.Resize = Resize{Mode: "short-side", Short: max(in.Size[0], in.Size[1]) * 256 / 224, Filter: "bilinear"}
	t := &Task{Kind: Classify, Input: in, Guessed: true}
	if len(outputs) > 0 {
		if n := len(outputs[0].Shape); n == 3 && outputs[0].Shape[2] > 5 {
			t.Kind, t.Output.Decoder = Detect, "yolox"
			t.Input.Resize = Resize{Mode: "letterbox", Fill: 114, Filter: "bilinear"}
			t.Input.Color, t.Input.Range, t.Input.Mean, t.Input.Std = "BGR", 255, nil, nil
		}
	}
	return t, "preprocessing was guessed from the input's shape; set it in the model's task file"
}

// Classes is the number of scores in a classifier's first output, 0 where it is
// not known.
func Classes(outputs []runtimes.IO) int {
	if len(outputs) == 0 {
		return 0
	}
	n := 1
	for i, d := range outputs[0].Shape {
		if i > 0 || d > 1 { // the first dimension of 1 or of unknown size is the batch
			n *= max(d, 0)
		}
	}
	return n
}

// MatchInput finds the index of the input that pictures go to.
func (t *Task) MatchInput(inputs []runtimes.IO) int {
	for i, in := range inputs {
		if in.Name == t.Input.Name {
			return i
		}
	}
	return 0
}

// As converts a float32 tensor to the element type an input asks for; uint8
// and int8 inputs get rounded, saturated values.
func As(x *tensor.Tensor, d tensor.DType) (*tensor.Tensor, error) {
	if d.IsInt() {
		v := x.Float64s()
		r := make([]float64, len(v))
		for i := range v {
			r[i] = roundHalfAway(v[i])
		}
		return tensor.FromFloat64s(d, r, x.Shape()...)
	}
	return x.Cast(d)
}
