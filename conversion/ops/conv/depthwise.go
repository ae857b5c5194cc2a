package conv

import (
	"slipway/conversion/ops/internal/kernel"
	"slipway/conversion/tensor"
)

// depthwise adds a convolution of one input channel per group to y.
func depthwise[T kernel.Number](g *Geometry, x, w, y []T) {
	inSize, outSize, kSize := volume(g.In), volume(g.Out), volume(g.Kernel)
	mult := g.M / g.Group
	tensor.Parallel(g.N*g.M, 1+(1<<15)/max(outSize*kSize, 1), func(lo, hi int) {
		f := newPhases[T](g)
		for p := lo; p < hi; p++ {
			n, m := p/g.M, p%g.M
			in, weights, out := x[(n*g.C+m/mult)*inSize:][:inSize], w[m*kSize:][:kSize], y[p*outSize:][:outSize]
			if f == nil {
				plane(g, in, weights, out)
				continue
			}
			f.add(in, weights, out)
		}
	})
}

// phases computes a plane's convolution over its whole length at once. The
// padded input is split by stride into phases, each row-major with one pitch,
// so that every kernel offset becomes one shift of a phase and each output
// element, at that same pitch, is a sum over shifted elements.
type phases[T kernel.Number] struct {
	g           *Geometry
	rows, pitch int   // of one phase
	offset      []int // by kernel offset
	src, dst    []T
	n           int // outputs at the pitch
	correlate   func(w []T, off []int, src, dst []T)
}

// newPhases is nil where the convolution is not over one plane.
func newPhases[T kernel.Number](g *Geometry) *phases[T] {
	if g.In[0] != 1 || g.Out[0] != 1 || g.Kernel[0] != 1 || g.Before[0] != 0 || volume(g.Out) == 0 {
		return nil
	}
	f := &phases[T]{g: g, correlate: kernel.CorrelateOf[T]()}
	sy, sx := g.Stride[1], g.Stride[2]
	f.rows = g.Out[1] + (g.Kernel[1]-1)*g.Dilation[1]/sy
	f.pitch = g.Out[2] + (g.Kernel[2]-1)*g.Dilation[2]/sx
	f.n = (g.Out[1]-1)*f.pitch + g.Out[2]
	for k := range volume(g.Kernel) {
		y, x := k/g.Kernel[2]*g.Dilation[1], k%g.Kernel[2]*g.Dilation[2]
		f.offset = append(f.offset, (y%sy*sx+x%sx)*f.rows*f.pitch+y/sy*f.pitch+x/sx)
	}
	size := sy * sx * f.rows * f.pitch
	if size > 4*(volume(g.In)+volume(g.Out))+1<<16 {
		return nil // strides far apart: most phases would not be read
	}
	f.src, f.dst = make([]T, size+kernel.Slack), make([]T, f.n+kernel.Slack)
	return f
}

// add adds the convolution of in with w to out.
func (f *phases[T]) add(in, w, out []T) {
	g := f.g
	sy, sx, inW := g.Stride[1], g.Stride[2], g.In[2]
	clear(f.src)
	for y := range g.In[1] {
		at := y + g.Before[1]
		if at < 0 || at/sy >= f.rows {
			continue
		}
		for px := range sx {
			row := f.src[((at%sy*sx+px)*f.rows+at/sy)*f.pitch:][:f.pitch]
			gather(row, in[y*inW:][:inW], px-g.Before[2], sx)
		}
	}
	f.correlate(w, f.offset, f.src, f.dst[:f.n])
	outW := g.Out[2]
	for y := range g.Out[1] {
		dst := out[y*outW:][:outW]
		for i, v := range f.dst[y*f.pitch:][:outW] {
			dst[i] += v
		}
	}
}

// plane adds one channel's convolution with one kernel to out.
func plane[T kernel.Number](g *Geometry, in, w, out []T) {
	inH, inW, outW := g.In[1], g.In[2], g.Out[2]
	stride, add := g.Stride[2], kernel.AxpyOf[T]()
	for row := range g.Out[0] * g.Out[1] {
		dst := out[row*outW:][:outW]
		d0 := row/g.Out[1]*g.Stride[0] - g.Before[0]
		h0 := row%g.Out[1]*g.Stride[1] - g.Before[1]
		for k := 0; k < len(w); k += g.Kernel[2] {
			r := k / g.Kernel[2]
			d, h := d0+r/g.Kernel[1]*g.Dilation[0], h0+r%g.Kernel[1]*g.Dilation[1]
			if uint(d) >= uint(g.In[0]) || uint(h) >= uint(inH) {
				continue
			}
			src := in[(d*inH+h)*inW:][:inW]
			for i, v := range w[k : k+g.Kernel[2]] {
				axpy(add, dst, src, v, i*g.Dilation[2]-g.Before[2], stride)
			}
		}
	}
}

// axpy adds dst[i] += v*src[at+i*stride] where that lies inside src.
func axpy[T kernel.Number](add func(v T, x, y []T), dst, src []T, v T, at, stride int) {
	lo, hi := span(at, stride, len(dst), len(src))
	if lo >= hi {
		return
	}
	dst = dst[lo:hi]
	src = src[at+lo*stride:]
	if stride == 1 {
		add(v, src[:len(dst)], dst)
		return
	}
	for i := range dst {
		dst[i] += v * src[i*stride]
	}
}
