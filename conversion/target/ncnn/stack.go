package ncnn

import "slipway/conversion/ir"

// Blobs have no batch: the pictures of one are convolved as a single picture, one
// below the other, each with its padding and as many more rows as make its height a
// whole number of strides. Windows that reach from one picture into the next give
// rows that are cut off.

// rowsOf is the height of one picture with its padding, in whole strides.
func (p plane) rowsOf() int {
	rows := p.in[0] + p.before[0] + p.after[0]
	return (rows + p.stride[0] - 1) / p.stride[0] * p.stride[0]
}

// stacked is the window over pictures one below the other.
func (p plane) stacked(batch int) plane {
	rows, reach := p.rowsOf(), p.dilation[0]*(p.kernel[0]-1)+1
	p.in[0] = batch * rows
	p.out[0] = p.in[0] / p.stride[0]
	p.before[0], p.after[0] = 0, max(reach-p.stride[0], 0)
	return p
}

// stack is the pictures of x one below the other.
func (e *emitter) stack(x *ir.Value, p plane) *blob {
	d := full(x)
	b := e.permute(e.as(x, d[0], d[1], p.in[0]*p.in[1]), []int{1, 0, 2})
	lo, hi := []int{0, p.before[0], 0}, []int{0, p.rowsOf() - p.in[0] - p.before[0], 0}
	if lo[1]+hi[1] > 0 {
		b = e.padding(e.reshape(b, []int{d[1] * d[0], p.in[0], p.in[1]}), lo, hi, 0, 0)
	}
	return e.reshape(b, []int{d[1], d[0] * p.rowsOf(), p.in[1]})
}

// unstack takes rows of each picture apart again.
func (e *emitter) unstack(b *blob, batch, rows int) *blob {
	c, each, w := b.dims[0], b.dims[1]/batch, b.dims[2]
	if each > rows {
		b = e.cropAll(e.reshape(b, []int{c * batch, each, w}), []part{{1, 0, rows, 1}})
	}
	return e.permute(e.reshape(b, []int{c, batch, rows * w}), []int{1, 0, 2})
}
