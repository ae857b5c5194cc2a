package image

import (
	goimage "image"
	"math"
)

// colours converts a picture of luma and chroma to RGB. Where there are fewer
// chroma samples than pixels they are interpolated by a triangle filter, as
// libjpeg and libwebp do. JPEG's numbers span 0..255 (JFIF), WebP's are those of
// ITU-R BT.601 for video, 16..235.
func colours(m *goimage.YCbCr, video bool) *goimage.RGBA {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	out := goimage.NewRGBA(goimage.Rect(0, 0, w, h))
	halfX := m.SubsampleRatio == goimage.YCbCrSubsampleRatio420 || m.SubsampleRatio == goimage.YCbCrSubsampleRatio422
	halfY := m.SubsampleRatio == goimage.YCbCrSubsampleRatio420 || m.SubsampleRatio == goimage.YCbCrSubsampleRatio440
	whole := m.SubsampleRatio == goimage.YCbCrSubsampleRatio444
	for y := range h {
		for x := range w {
			var cb, cr float64
			if halfX || halfY || whole {
				cb, cr = chroma(m, x, y, w, h, halfX, halfY)
			} else {
				i := m.COffset(b.Min.X+x, b.Min.Y+y)
				cb, cr = float64(m.Cb[i]), float64(m.Cr[i])
			}
			luma := float64(m.Y[m.YOffset(b.Min.X+x, b.Min.Y+y)])
			p := out.Pix[out.PixOffset(x, y):][:4]
			cb, cr = cb-128, cr-128
			if video {
				luma = 1.164 * (luma - 16)
				p[0], p[1], p[2] = step(luma+1.596*cr), step(luma-0.392*cb-0.813*cr), step(luma+2.017*cb)
			} else {
				p[0], p[1], p[2] = step(luma+1.402*cr), step(luma-0.344136*cb-0.714136*cr), step(luma+1.772*cb)
			}
			p[3] = 255
		}
	}
	return out
}

// chroma weighs the nearest sample and its neighbour 3 to 1 in each halved
// direction.
func chroma(m *goimage.YCbCr, x, y, w, h int, halfX, halfY bool) (cb, cr float64) {
	at := func(p, size int, half bool) (near, far int) {
		if !half {
			return p, p
		}
		near = p / 2
		far = near - 1 + p%2*2
		return near, min(max(far, 0), (size-1)/2)
	}
	x0, x1 := at(x, w, halfX)
	y0, y1 := at(y, h, halfY)
	i, j, k, l := y0*m.CStride+x0, y0*m.CStride+x1, y1*m.CStride+x0, y1*m.CStride+x1
	mix := func(c []uint8) float64 {
		return math.Floor((9*float64(c[i])+3*float64(c[j])+3*float64(c[k])+float64(c[l]))/16 + 0.5)
	}
	return mix(m.Cb), mix(m.Cr)
}

func step(v float64) uint8 { return uint8(min(max(math.Round(v), 0), 255)) }
