package conv

import (
	"slipway/conversion/ops/internal/kernel"
)

// segment is a run of output positions of one panel that lie in one row.
type segment struct {
	at, n   int // columns of the panel
	d, h, w int // input coordinates of the first one, before kernel offsets
}

// unfold is the Panel of the matrix whose column is an output position and
// whose row is an input channel and kernel offset. It reads the input in place.
func unfold[T kernel.Number](g *Geometry, in []T) kernel.Panel[T] {
	inH, inW := g.In[1], g.In[2]
	kd, kh, kw := g.Kernel[0], g.Kernel[1], g.Kernel[2]
	size := volume(g.In)
	return func(dst []T, width, k0, kc, i0, count int) {
		var buf [kernel.NR]segment
		segs := g.segments(buf[:0], i0, count)
		rest := k0
		c := rest / (kd * kh * kw)
		rest %= kd * kh * kw
		z := rest / (kh * kw)
		rest %= kh * kw
		y, x := rest/kw, rest%kw
		for k := range kc {
			row := dst[k*width:][:width]
			clear(row)
			plane := in[c*size:][:size]
			oz, oy, ox := z*g.Dilation[0], y*g.Dilation[1], x*g.Dilation[2]
			for _, s := range segs {
				d, h, w := s.d+oz, s.h+oy, s.w+ox
				if uint(d) >= uint(g.In[0]) || uint(h) >= uint(inH) {
					continue
				}
				gather(row[s.at:][:s.n], plane[(d*inH+h)*inW:][:inW], w, g.Stride[2])
			}
			if x++; x == kw {
				x = 0
				if y++; y == kh {
					y = 0
					if z++; z == kd {
						z = 0
						c++
					}
				}
			}
		}
	}
}

func (g *Geometry) segments(segs []segment, i0, count int) []segment {
	outW := g.Out[2]
	for j := 0; j < count; {
		pos := i0 + j
		ow := pos % outW
		oh := pos / outW % g.Out[1]
		od := pos / outW / g.Out[1]
		n := min(count-j, outW-ow)
		segs = append(segs, segment{
			at: j, n: n,
			d: od*g.Stride[0] - g.Before[0], h: oh*g.Stride[1] - g.Before[1], w: ow*g.Stride[2] - g.Before[2],
		})
		j += n
	}
	return segs
}

// gather copies dst[i] = src[w+i*stride] where that lies inside src.
func gather[T any](dst, src []T, w, stride int) {
	lo, hi := span(w, stride, len(dst), len(src))
	if lo >= hi {
		return
	}
	dst = dst[lo:hi]
	src = src[w+lo*stride:]
	if stride == 1 {
		copy(dst, src)
		return
	}
	for i := range dst {
		dst[i] = src[i*stride]
	}
}

// span is the range of i in [0,n) for which 0 <= at+i*stride < size.
func span(at, stride, n, size int) (lo, hi int) {
	if at < 0 {
		lo = (-at + stride - 1) / stride
	}
	hi = n
	if at+(n-1)*stride >= size {
		hi = 0
		if at < size {
			hi = (size - at + stride - 1) / stride
		}
	}
	return lo, hi
}

// fold adds the unfolded columns of one channel to its plane.
func fold[T kernel.Number](g *Geometry, cols, out []T) {
	outW, inW := g.Out[2], g.In[2]
	for k := range volume(g.Kernel) {
		oz := k/g.Kernel[2]/g.Kernel[1]*g.Dilation[0] - g.Before[0]
		oy := k/g.Kernel[2]%g.Kernel[1]*g.Dilation[1] - g.Before[1]
		ox := k%g.Kernel[2]*g.Dilation[2] - g.Before[2]
		for row := range g.Out[0] * g.Out[1] {
			d, h := row/g.Out[1]*g.Stride[0]+oz, row%g.Out[1]*g.Stride[1]+oy
			if uint(d) >= uint(g.In[0]) || uint(h) >= uint(g.In[1]) {
				continue
			}
			lo, hi := span(ox, g.Stride[2], outW, inW)
			dst := out[(d*g.In[1]+h)*inW:][:inW]
			src := cols[(k*g.Out[0]*g.Out[1]+row)*outW:][:outW]
			for i := lo; i < hi; i++ {
				dst[ox+i*g.Stride[2]] += src[i]
			}
		}
	}
}
