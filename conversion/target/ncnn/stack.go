package ncnn

import "slipway/conversion/ir"

// Blobs have no batch: the pictures of one are convolved as a single picture, one
// below the other, each with its padding and as many more rows as make its height a
// whole number of strides. Windows that reach from one picture into the next give
// rows that are cut off. Volumes lie one behind the other.

// outermost is a window along the first axis of a picture or volume.
type outermost struct{ in, before, after, kernel, stride, dilation int }

// rows is how many one picture has with its padding, in whole strides.
func (o outermost) rows() int {
	n := o.in + o.before + o.after
	return (n + o.stride - 1) / o.stride * o.stride
}

// below is what the last of the windows over all pictures reaches beyond them.
func (o outermost) below() int {
	return max(o.dilation*(o.kernel-1)+1-o.stride, 0)
}

func (p plane) outermost() outermost {
	return outermost{p.in[0], p.before[0], p.after[0], p.kernel[0], p.stride[0], p.dilation[0]}
}

func (v volume) outermost() outermost {
	return outermost{v.in[0], v.before[0], v.after[0], v.kernel[0], v.stride[0], v.dilation[0]}
}

// stacked is the window over pictures one below the other.
func (p plane) stacked(batch int) plane {
	o := p.outermost()
	p.in[0], p.before[0], p.after[0] = batch*o.rows(), 0, o.below()
	p.out[0] = p.in[0] / o.stride
	return p
}

// stacked is the window over volumes one behind the other.
func (v volume) stacked(batch int) volume {
	o := v.outermost()
	v.in[0], v.before[0], v.after[0] = batch*o.rows(), 0, o.below()
	v.out[0] = v.in[0] / o.stride
	return v
}

// stack is the pictures of x one below the other, each row seen as one.
func (e *emitter) stack(x *ir.Value, o outermost) *blob {
	d := full(x)
	all := count(d[2:])
	b := e.permute(e.as(x, d[0], d[1], all), []int{1, 0, 2})
	lo, hi := []int{0, o.before, 0}, []int{0, o.rows() - o.in - o.before, 0}
	if lo[1]+hi[1] > 0 {
		b = e.padding(e.reshape(b, []int{d[1] * d[0], o.in, all / o.in}), lo, hi, 0, 0)
	}
	return e.reshape(b, []int{d[1], d[0] * o.rows(), all / o.in})
}

// unstack takes rows of each picture apart again.
func (e *emitter) unstack(b *blob, batch, rows int) *blob {
	c, each, inner := b.dims[0], b.dims[1]/batch, count(b.dims[2:])
	if each > rows {
		b = e.cropAll(e.reshape(b, []int{c * batch, each, inner}), []part{{1, 0, rows, 1}})
	}
	return e.permute(e.reshape(b, []int{c, batch, rows * inner}), []int{1, 0, 2})
}
