package fold

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Gathers is the pass gather_in_order.
var Gathers = &pass.Pass{
	Name:  "gather_in_order",
	About: "Makes a Reshape, and an Expand, of a GatherND whose constant indices read all elements in order, as masks of attention are read",
	After: []string{"merge_slices"},
	Run:   gatherInOrder,
}

func gatherInOrder(g *ir.Graph, c *pass.Ctx) error {
	p := c.Edit(g)
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		if n.Op != "GatherND" || n.In(0) == nil || n.In(1) == nil || n.Int("batch_dims", 0) != 0 {
			continue
		}
		indices, ok := n.In(1).ConstInts()
		if !ok {
			c.Miss(n, "its indices are not constant")
			continue
		}
		x, y := n.In(0), n.Out(0)
		of := n.In(1).Const.Shape()
		if x.Shape == nil || y.Shape == nil || len(of) == 0 || of[len(of)-1] > len(x.Shape) {
			continue
		}
		k := of[len(of)-1]
		repeated, ok := inOrder(x.Shape[:k], of[:len(of)-1], indices)
		if !ok {
			c.Miss(n, "its indices do not read all elements in order")
			continue
		}
		// Indices that say the same along an axis read what has one element there.
		once := slices.Clone(y.Shape)
		for axis, again := range repeated {
			if again {
				once[axis] = ir.Dims(1)[0]
			}
		}
		target, ok := Target(x.Shape, once)
		if !ok {
			c.Miss(n, "the shape %v cannot be told from %v", once, x.Shape)
			continue
		}
		if once.Equal(y.Shape) {
			p.Rewrite(n, "Reshape", nil, x, p.Const(n.Name+"_shape", tensor.Of(target, len(target))))
			c.Fire()
			continue
		}
		sizes, ok := Target(once, y.Shape)
		if !ok || slices.Min(sizes) < 1 {
			c.Miss(n, "the shape %v is not known", y.Shape)
			continue
		}
		v := p.Add("Reshape", nil, []*ir.Value{x, p.Const(n.Name+"_shape", tensor.Of(target, len(target)))}, n)
		p.Rewrite(n, "Expand", nil, v, p.Const(n.Name+"_sizes", tensor.Of(sizes, len(sizes))))
		c.Fire()
	}
	return p.Done()
}

// inOrder reports whether lists of indices into the first dimensions of a tensor, as
// many as the product of the sizes of says, name each place there once and in order;
// repeated are the axes of of along which all lists say the same.
func inOrder(dims ir.Shape, of []int, indices []int64) (repeated []bool, ok bool) {
	places := int64(1)
	flat := make([]int64, len(indices)/max(1, len(dims)))
	for a, d := range dims {
		size, ok := d.Int()
		if !ok || size < 1 {
			return nil, false
		}
		places *= size
		for i := range flat {
			at := indices[i*len(dims)+a]
			if at < 0 {
				at += size
			}
			if at < 0 || at >= size {
				return nil, false
			}
			flat[i] = flat[i]*size + at
		}
	}
	repeated = make([]bool, len(of))
	stride := len(flat)
	for axis, size := range of {
		if size == 0 {
			return nil, false
		}
		stride /= size
		repeated[axis] = size > 1
		for i := range flat {
			if i/stride%size > 0 && flat[i] != flat[i-stride] {
				repeated[axis] = false
				break
			}
		}
	}
	next := int64(0)
	for i := range flat {
		stride, first := len(flat), true
		for axis, size := range of {
			stride /= size
			first = first && !(repeated[axis] && i/stride%size > 0)
		}
		if !first {
			continue
		}
		if flat[i] != next {
			return nil, false
		}
		next++
	}
	return repeated, next == places
}
