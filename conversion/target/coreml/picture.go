package coreml

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/schema/mil"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// pictured finds the input that takes pictures; why says what keeps it from
// doing so.
func pictured(g *ir.Graph, p *target.Picture) (v *ir.Value, why string) {
	for _, x := range g.Inputs {
		if v == nil && (p.Input == "" || x.Name == p.Input) {
			v = x
		}
	}
	if v == nil {
		return nil, fmt.Sprintf("the model has no input %q", p.Input)
	}
	c := 1
	if p.Layout == "NHWC" {
		c = 3
	}
	switch {
	case v.Rank() != 4:
		return nil, fmt.Sprintf("input %q is %v and no picture", v.Name, v.Shape)
	case !v.Shape[c].Is(int64(p.Channels())):
		return nil, fmt.Sprintf("input %q has %v channels, the pictures %d", v.Name, v.Shape[c], p.Channels())
	case v.Shape[0].IsStatic() && !v.Shape[0].Is(1):
		return nil, fmt.Sprintf("input %q takes %v pictures at once, Core ML gives one", v.Name, v.Shape[0])
	case !v.DType.IsFloat() && !v.DType.IsInt():
		return nil, fmt.Sprintf("input %q is of %v", v.Name, v.DType)
	}
	return v, ""
}

// onePicture makes the batch of the input that takes pictures 1, as Core ML
// gives one at a time. Where there is no such input, the finding says why.
func onePicture(g *ir.Graph, reg *op.Registry, p *target.Picture) (diag.List, error) {
	v, why := pictured(g, p)
	if why != "" {
		return diag.List{diag.Infof("coreml.no-picture", "the package takes tensors and not pictures: %s", why)}, nil
	}
	names := v.Shape[0].Symbols()
	if len(names) == 0 {
		return nil, nil
	}
	for _, x := range g.Inputs {
		x.Shape = x.Shape.Clone()
		for i, d := range x.Shape {
			if n, ok := d.With(func(s string) int64 {
				if s == names[0] {
					return 1
				}
				return -1
			}); ok && n == 1 {
				x.Shape[i] = ir.Static(1)
			}
		}
	}
	return diag.List{diag.Infof("coreml.picture-batch", "the package takes one picture at a time: %s is 1", names[0])}, reg.InferGraph(g)
}

// sizesOf reads a list of sizes, height x width: 224x224,320x240.
func sizesOf(text string) ([][2]int64, error) {
	var out [][2]int64
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		h, w, ok := strings.Cut(s, "x")
		a, errA := strconv.ParseInt(h, 10, 32)
		b, errB := strconv.ParseInt(w, 10, 32)
		if !ok || errA != nil || errB != nil || a < 1 || b < 1 {
			return nil, fmt.Errorf("%q is no size such as 224x224", s)
		}
		out = append(out, [2]int64{a, b})
	}
	return out, nil
}

// photo is the input that takes pictures while it is written.
type photo struct {
	*target.Picture
	v     *ir.Value
	sizes [][2]int64
}

// picture declares the input that takes pictures: the program gets pixels from 0
// to 255, which it scales and shifts as the network was trained.
func (e *emitter) picture(v *ir.Value) mil.Feature {
	p := e.photo
	nhwc := p.Layout == "NHWC"
	s := shapeOf(v)
	outer := s
	if nhwc {
		outer = []int{s[0], s[3], s[1], s[2]}
	}
	name := e.outs[v]
	delete(e.outs, v)
	x := val{name, tensor.Float32, outer}
	e.f.Inputs = append(e.f.Inputs, mil.Typed{Name: name, Type: mil.TypeOf(x.dtype, outer)})
	f := mil.Feature{Name: name, DType: x.dtype, Shape: mil.TypeOf(x.dtype, outer).Dims, Image: e.frame(v, nhwc)}
	a, b := p.Scale()
	q, plain := x, true
	if c, one := e.perChannel("y", a); one != 1 {
		q, plain = e.named(e.unique(name+"_scaled"), "mul", x.dtype, outer, in("x", q), c), false
	}
	if c, zero := e.perChannel("y", b); zero != 0 {
		q, plain = e.named(e.unique(name+"_shifted"), "add", x.dtype, outer, in("x", q), c), false
	}
	if v.DType.IsInt() && !plain {
		q = e.op("round", x.dtype, outer, in("x", q))
	}
	if nhwc {
		q = e.op("transpose", x.dtype, s, in("x", q), ints("perm", 0, 2, 3, 1))
	}
	e.vals[v] = e.convert(q, held(v.DType))
	return f
}

// perChannel is a constant that broadcasts over the channels, and the number it
// stands for; NaN where the channels differ.
func (e *emitter) perChannel(name string, v []float64) (arg, float64) {
	for _, x := range v {
		if x != v[0] {
			t, err := tensor.FromFloat64s(tensor.Float32, v, 1, len(v), 1, 1)
			if err != nil {
				e.fail("%w", err)
				return real(name, tensor.Float32, 0), 0
			}
			return lit(name, t), math.NaN()
		}
	}
	return real(name, tensor.Float32, v[0]), v[0]
}

// frame describes the sizes and the colours that are taken.
func (e *emitter) frame(v *ir.Value, nhwc bool) *mil.Image {
	usual, ranges := e.ranges(v)
	y, x := 2, 3
	if nhwc {
		y, x = 1, 2
	}
	i := &mil.Image{Color: e.photo.Color, Height: usual[y], Width: usual[x]}
	if i.Color == "" {
		i.Color = "RGB"
	}
	if ranges == nil {
		return i
	}
	i.Heights, i.Widths = &ranges[y], &ranges[x]
	if len(e.photo.sizes) == 0 {
		return i
	}
	for _, s := range e.photo.sizes {
		if s[0] < ranges[y][0] || s[0] > ranges[y][1] || s[1] < ranges[x][0] || s[1] > ranges[x][1] {
			e.findings = append(e.findings, diag.Warnf("coreml.size", "pictures of %dx%d are outside the sizes that the input may have (%d to %d by %d to %d); the package does not take them",
				s[0], s[1], ranges[y][0], ranges[y][1], ranges[x][0], ranges[x][1]).Suggest("widen the range: --profile %s=…", v.Name))
			continue
		}
		i.Sizes = append(i.Sizes, s)
	}
	if len(i.Sizes) > 0 {
		i.Heights, i.Widths, i.Height, i.Width = nil, nil, i.Sizes[0][0], i.Sizes[0][1]
	}
	return i
}

// notePicture tells readers of the package how its pixels come from the source's
// input.
func (e *emitter) notePicture(m *mil.Model) {
	p := *e.photo.Picture
	p.Input = e.photo.v.Name
	if b, err := json.Marshal(&p); err == nil {
		m.Meta[mil.PictureKey] = string(b)
	}
}
