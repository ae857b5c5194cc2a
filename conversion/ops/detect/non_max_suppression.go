package detect

import (
	"fmt"
	"math"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var nonMaxSuppressionDef = &op.Def{
	Name: "NonMaxSuppression", Family: "detect",
	Doc:     "Keeps, for each batch and class, the best boxes that overlap no better one by more than a threshold.",
	Inputs:  op.Opt(op.In("boxes", "scores"), "max_output_boxes_per_class", "iou_threshold", "score_threshold"),
	Outputs: op.In("selected_indices"),
	Attrs:   []op.Attr{{Name: "center_point_box", Kind: op.Int, Default: int64(0)}},
	Infer: func(c *op.InferCtx) error {
		for i, s := range []ir.Shape{c.InShape(0), c.InShape(1)} {
			if s != nil && len(s) != 3 {
				return fmt.Errorf("input %d has shape %v, not three dimensions", i, s)
			}
		}
		if s := c.InShape(0); s != nil {
			if n, ok := s[2].Int(); ok && n != 4 {
				return fmt.Errorf("boxes %v have %d coordinates, not 4", s, n)
			}
		}
		if n := c.Int("center_point_box", 0); n != 0 && n != 1 {
			return fmt.Errorf("center_point_box is %d, neither 0 nor 1", n)
		}
		found := kernel.Fresh(c.Out(0), 0)
		if n, ok := c.Ints(2); c.In(2) == nil || ok && len(n) == 1 && n[0] <= 0 {
			found = ir.Static(0)
		}
		c.Set(0, tensor.Int64, ir.Shape{found, ir.Static(3)})
		return nil
	},
	Eval: evalNonMaxSuppression,
}

func evalNonMaxSuppression(c *op.EvalCtx) error {
	boxes, scores := c.Arg(0), c.Arg(1)
	if boxes == nil || scores == nil || !boxes.DType().IsFloat() || !scores.DType().IsFloat() {
		return fmt.Errorf("wants floating-point boxes and scores")
	}
	bs, ss := boxes.Shape(), scores.Shape()
	if len(bs) != 3 || len(ss) != 3 || bs[2] != 4 || bs[0] != ss[0] || bs[1] != ss[2] {
		return fmt.Errorf("boxes %v and scores %v do not match", bs, ss)
	}
	most := int64(0)
	if t := c.Arg(2); t != nil {
		v, err := t.Int64s()
		if err != nil || len(v) != 1 {
			return fmt.Errorf("max_output_boxes_per_class is %v%v, not one integer", t.DType(), t.Shape())
		}
		most = v[0]
	}
	overlap, err := number(c, 3)
	if err != nil {
		return err
	}
	least := float32(math.Inf(-1))
	if c.Arg(4) != nil {
		if least, err = number(c, 4); err != nil {
			return err
		}
	}
	n, xy, p := bs[1], boxes.Float32s(), scores.Float32s()
	center := c.Int("center_point_box", 0) != 0
	out := []int64{}
	for batch := range bs[0] {
		rect := make([]box, n)
		for i := range rect {
			rect[i] = newBox(xy[(batch*n+i)*4:][:4], center)
		}
		for class := range ss[1] {
			score := p[(batch*ss[1]+class)*n:][:n]
			for _, i := range suppress(rect, score, most, overlap, least, c.Arg(4) != nil) {
				out = append(out, int64(batch), int64(class), int64(i))
			}
		}
	}
	c.Out[0] = tensor.Of(out, len(out)/3, 3)
	return nil
}

// number is the single element of floating-point input i, 0 where it is omitted.
func number(c *op.EvalCtx, i int) (float32, error) {
	t := c.Arg(i)
	if t == nil {
		return 0, nil
	}
	if !t.DType().IsFloat() || t.Len() != 1 {
		return 0, fmt.Errorf("input %d is %v%v, not one number", i, t.DType(), t.Shape())
	}
	return t.Float32s()[0], nil
}

// suppress lists the boxes that stay, best first; of equal scores the first.
func suppress(rect []box, score []float32, most int64, overlap, least float32, limited bool) []int {
	var order []int
	for i, s := range score {
		if !limited || s > least {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case score[a] > score[b]:
			return -1
		case score[a] < score[b]:
			return 1
		}
		return 0
	})
	var kept []int
	for _, i := range order {
		if int64(len(kept)) >= most {
			break
		}
		if !slices.ContainsFunc(kept, func(k int) bool { return rect[i].overlaps(rect[k], overlap) }) {
			kept = append(kept, i)
		}
	}
	return kept
}

// box has ordered corners.
type box struct{ x0, y0, x1, y1 float32 }

func newBox(v []float32, center bool) box {
	if center {
		return box{v[0] - v[2]/2, v[1] - v[3]/2, v[0] + v[2]/2, v[1] + v[3]/2}
	}
	return box{min(v[1], v[3]), min(v[0], v[2]), max(v[1], v[3]), max(v[0], v[2])}
}

func (b box) area() float32 { return (b.x1 - b.x0) * (b.y1 - b.y0) }

// overlaps reports whether intersection over union exceeds limit. Boxes without
// an area overlap nothing.
func (b box) overlaps(o box, limit float32) bool {
	w, h := min(b.x1, o.x1)-max(b.x0, o.x0), min(b.y1, o.y1)-max(b.y0, o.y0)
	if !(w > 0) || !(h > 0) {
		return false
	}
	inter := w * h
	union := b.area() + o.area() - inter
	if !(inter > 0) || !(b.area() > 0) || !(o.area() > 0) || !(union > 0) {
		return false
	}
	return inter/union > limit
}
