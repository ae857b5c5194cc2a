package coreml

import (
	"fmt"
	"strconv"

	"slipway/conversion/ir"
	"slipway/conversion/options"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// Settings are what can be set about Core ML packages beside what all targets
// share.
type Settings struct {
	Weights   string `yaml:"weights,omitempty" json:"weights,omitempty" key:"weights" title:"Weights" help:"precision: as the recipe says; int8, int4: integers with scales; palette: indices into few values. The arithmetic stays in floats" choices:"precision|int8|int4|palette"`
	Block     int    `yaml:"block,omitempty" json:"block,omitempty" key:"block" title:"Block size" help:"So many weights share a scale (iOS 18)" min:"8" max:"1024" when:"weights=int4"`
	Bits      string `yaml:"bits,omitempty" json:"bits,omitempty" key:"bits" title:"Palette bits" help:"Each weight is one of 2, 4, 16, 64 or 256 values of its tensor" choices:"1|2|4|6|8" when:"weights=palette"`
	Smallest  int    `yaml:"smallest,omitempty" json:"smallest,omitempty" key:"smallest" title:"Smallest weights" unit:"elements" help:"Weights of fewer elements stay as they are" min:"16" max:"1000000" when:"weights=int8|int4|palette"`
	Pictures  bool   `yaml:"pictures" json:"pictures" key:"pictures" title:"Take pictures" help:"Where the task says how pictures become the input, the package takes pictures and scales them itself"`
	Sizes     string `yaml:"sizes,omitempty" json:"sizes,omitempty" key:"sizes" title:"Picture sizes" help:"Height x width, of a model with open sizes: 224x224,320x320; empty: any in its range" when:"pictures=true"`
	Labels    bool   `yaml:"labels" json:"labels" key:"labels" title:"Name classes" help:"Where the task has labels, the package gives the best class by name and the score of each"`
	Attention bool   `yaml:"attention,omitempty" json:"attention,omitempty" key:"attention" title:"Attention in one operation" help:"scaled_dot_product_attention of iOS 18"`
	Version   string `yaml:"version,omitempty" json:"version,omitempty" key:"version" title:"Specification" help:"auto: 7 (iOS 16), or 9 (iOS 18) where something asks for it" choices:"auto|7|8|9"`
}

// Defaults are the settings where nothing is set.
func Defaults() Settings {
	return Settings{Weights: "precision", Block: 32, Bits: "4", Smallest: 2048, Pictures: true, Labels: true, Version: "auto"}
}

// Stored names how weights are stored, for titles: "int4", "4-bit palette".
func (s *Settings) Stored() string {
	if s.Weights == "palette" {
		return s.Bits + "-bit palette"
	}
	return s.Weights
}

// PaletteBits is Bits as a number.
func (s *Settings) PaletteBits() int {
	n, _ := strconv.Atoi(s.Bits)
	return n
}

// Values are the settings as target.Options.Values holds them.
func (s *Settings) Values() map[string]string {
	out := map[string]string{}
	for _, f := range options.Of(s) {
		out[f.Key] = f.Get()
	}
	return out
}

// settings reads what Values gave.
func settings(o target.Options) (Settings, error) {
	s := Defaults()
	fields := options.Of(&s)
	for i := range fields {
		if v, ok := o.Values[fields[i].Key]; ok {
			if err := fields[i].Set(v); err != nil {
				return s, fmt.Errorf("coreml: %w", err)
			}
		}
	}
	if _, err := sizesOf(s.Sizes); err != nil {
		return s, fmt.Errorf("coreml: sizes: %w", err)
	}
	return s, nil
}

// opsets are the names of the operator sets by specification version.
var opsets = map[int]string{7: "CoreML6", 8: "CoreML7", 9: "CoreML8"}

// The version written where nothing asks for more, and the one that has weights
// in blocks and attention.
const (
	usualVersion = 7
	blockVersion = 9
)

// version is the specification version of the program for g.
func (s *Settings) version(g *ir.Graph) int {
	if n, err := strconv.Atoi(s.Version); err == nil {
		return n
	}
	for _, n := range g.Nodes {
		if p := unpacks(n); p != nil && !affine(p) || attends(n) {
			return blockVersion
		}
	}
	return usualVersion
}

// allows reports whether the settings leave room for a version.
func (s *Settings) allows(version int) bool {
	n, err := strconv.Atoi(s.Version)
	return err != nil || n >= version
}

// Blocks reports whether the settings leave room for weights in blocks.
func (s *Settings) Blocks() bool { return s.allows(blockVersion) }

// unpacks is the DequantizeLinear of constant integers of 4 or 8 bits that n is,
// or that n casts to another float; nil where it is neither. It needs no
// operation of its own: the program has one for such constants.
func unpacks(n *ir.Node) *ir.Node {
	if n == nil {
		return nil
	}
	d := n
	if n.Op == "Cast" && n.In(0) != nil {
		d = n.In(0).Node()
	}
	if d == nil || d.Op != "DequantizeLinear" || !d.In(0).IsConst() || !d.In(1).IsConst() || d.In(2) != nil && !d.In(2).IsConst() {
		return nil
	}
	switch d.In(0).DType {
	case tensor.Int8, tensor.Uint8, tensor.Int4, tensor.Uint4:
	default:
		return nil
	}
	if o := held(n.Out(0).DType); o != tensor.Float32 && o != tensor.Float16 {
		return nil
	}
	if r := d.In(0).Rank(); r < 1 || r > maxRank || d.In(0).Const.Len() < blobElements {
		return nil
	}
	if blocked(d) {
		return d
	}
	// One scale for all, or for each place along the axis.
	if s := d.In(1).Const; s.Rank() > 1 || s.Rank() == 1 && s.Len() > 1 && d.In(0).Const.Shape()[axis(d.Int("axis", 1), d.In(0).Rank())] != s.Len() {
		return nil
	}
	return d
}

// blocked reports whether d has a scale for each block of equal size.
func blocked(d *ir.Node) bool {
	b := int(d.Int("block_size", 0))
	if b == 0 {
		return false
	}
	q, s := d.In(0).Const.Shape(), d.In(1).Const.Shape()
	return len(q) == len(s) && q[axis(d.Int("axis", 1), len(q))] == b*s[axis(d.Int("axis", 1), len(q))]
}

// affine reports whether the constants of d are what constexpr_affine_dequantize
// of version 7 takes.
func affine(d *ir.Node) bool {
	t := d.In(0).DType
	return d.Int("block_size", 0) == 0 && (t == tensor.Int8 || t == tensor.Uint8)
}

// attends reports whether n is an attention that is written as one operation.
func attends(n *ir.Node) bool { return n.Op == "Attention" }

// attention reports whether the settings ask for attention in one operation, and
// the version has it.
func attention(o target.Options) bool {
	s, err := settings(o)
	return err == nil && s.Attention && s.allows(blockVersion)
}
