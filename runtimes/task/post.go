package task

import (
	"fmt"
	"image/color"
	"math"
	"sort"

	"slipway/conversion/tensor"
)

func grey(v uint8) color.NRGBA { return color.NRGBA{v, v, v, 255} }

func roundHalfAway(x float64) float64 { return math.Round(x) }

// Scores returns one score per class from a classifier's output of any shape
// with one batch entry: softmax applied where the task says that the outputs
// are logits, background classes removed.
func (t *Task) Scores(out *tensor.Tensor) []float64 {
	v := append([]float64{}, out.Float64s()...)
	if t.Output.Softmax || t.Guessed && !probabilities(v) {
		Softmax(v)
	}
	return v[min(t.Output.Offset, len(v)):]
}

// probabilities reports whether v looks like the output of a softmax.
func probabilities(v []float64) bool {
	sum := 0.0
	for _, x := range v {
		if !(x >= 0 && x <= 1.0001) {
			return false
		}
		sum += x
	}
	return math.Abs(sum-1) < 0.01
}

// Softmax turns logits into probabilities, in place.
func Softmax(v []float64) {
	if len(v) == 0 {
		return
	}
	hi := v[0]
	for _, x := range v {
		hi = math.Max(hi, x)
	}
	sum := 0.0
	for i, x := range v {
		v[i] = math.Exp(x - hi)
		sum += v[i]
	}
	for i := range v {
		v[i] /= sum
	}
}

// Label names a class.
func (t *Task) Label(i int) string {
	if i >= 0 && i < len(t.Labels) {
		return t.Labels[i]
	}
	return fmt.Sprintf("class %d", i)
}

// Top returns the k best classes, best first; equal scores in class order, NaN
// last.
func (t *Task) Top(out *tensor.Tensor, k int) []Prediction {
	s := t.Scores(out)
	idx := make([]int, len(s))
	for i := range idx {
		idx[i] = i
	}
	sort.SliceStable(idx, func(a, b int) bool {
		x, y := s[idx[a]], s[idx[b]]
		return x > y || y != y && x == x
	})
	var p []Prediction
	for _, i := range idx[:min(k, len(idx))] {
		p = append(p, Prediction{Label: t.Label(i), Index: i, Score: s[i]})
	}
	return p
}

// Predict turns a model's outputs for one picture into predictions: the best k
// classes, or the boxes above the score limit, best first.
func (t *Task) Predict(outputs []*tensor.Tensor, geo Geometry, k int) ([]Prediction, error) {
	if len(outputs) == 0 {
		return nil, fmt.Errorf("task: the model has no output")
	}
	switch t.Kind {
	case Classify:
		return t.Top(outputs[0], k), nil
	case Detect:
		return t.boxes(outputs[0], geo)
	}
	return nil, fmt.Errorf("task: %q has no predictions to show", t.Kind)
}

// boxes decodes a detector's output.
//
// yolox: [1,N,5+C] in the order of strides 8, 16, 32; x = (dx+gx)*stride,
// w = exp(dw)*stride, score = objectness*class (Ge et al., YOLOX, 2021).
// yolov8: [1,4+C,N], centre and size in input pixels.
func (t *Task) boxes(out *tensor.Tensor, geo Geometry) ([]Prediction, error) {
	s := out.Shape()
	if len(s) != 3 || s[0] != 1 {
		return nil, fmt.Errorf("task: a detector's output has shape [1,N,5+classes], not %v", s)
	}
	v := out.Float32s()
	least := t.Output.Score
	if least == 0 {
		least = 0.3
	}
	var all []Prediction
	add := func(cx, cy, w, h, score float64, class int) {
		all = append(all, Prediction{Label: t.Label(class), Index: class, Score: score, Box: &[4]float64{
			(cx - w/2 - geo.DX) / geo.SX, (cy - h/2 - geo.DY) / geo.SY, (cx + w/2 - geo.DX) / geo.SX, (cy + h/2 - geo.DY) / geo.SY,
		}})
	}
	if t.Output.Decoder == "yolov8" {
		n := s[2]
		for i := range n {
			class, best := 0, float32(-1)
			for c := 4; c < s[1]; c++ {
				if x := v[c*n+i]; x > best {
					class, best = c-4, x
				}
			}
			if float64(best) >= least {
				add(float64(v[i]), float64(v[n+i]), float64(v[2*n+i]), float64(v[3*n+i]), float64(best), class)
			}
		}
		return suppress(all, t.Output.IoU), nil
	}
	row, i := s[2], 0
	for _, stride := range []int{8, 16, 32} {
		gh, gw := t.Input.Size[0]/stride, t.Input.Size[1]/stride
		for y := range gh {
			for x := range gw {
				if i >= s[1] {
					return nil, fmt.Errorf("task: %d rows are too few for an input of %v", s[1], t.Input.Size)
				}
				r := v[i*row : (i+1)*row]
				i++
				class, best := 0, float32(-1)
				for c := 5; c < row; c++ {
					if r[c] > best {
						class, best = c-5, r[c]
					}
				}
				if score := float64(best * r[4]); score >= least {
					f := float64(stride)
					add((float64(r[0])+float64(x))*f, (float64(r[1])+float64(y))*f, math.Exp(float64(r[2]))*f, math.Exp(float64(r[3]))*f, score, class)
				}
			}
		}
	}
	return suppress(all, t.Output.IoU), nil
}

// suppress is greedy non-maximum suppression per class.
func suppress(p []Prediction, limit float64) []Prediction {
	if limit == 0 {
		limit = 0.45
	}
	sort.SliceStable(p, func(a, b int) bool { return p[a].Score > p[b].Score })
	var keep []Prediction
next:
	for _, c := range p {
		for _, k := range keep {
			if k.Index == c.Index && IoU(*k.Box, *c.Box) > limit {
				continue next
			}
		}
		keep = append(keep, c)
	}
	return keep
}

// IoU is the intersection over union of two boxes x0,y0,x1,y1.
func IoU(a, b [4]float64) float64 {
	w := math.Min(a[2], b[2]) - math.Max(a[0], b[0])
	h := math.Min(a[3], b[3]) - math.Max(a[1], b[1])
	if w <= 0 || h <= 0 {
		return 0
	}
	i := w * h
	return i / ((a[2]-a[0])*(a[3]-a[1]) + (b[2]-b[0])*(b[3]-b[1]) - i)
}
