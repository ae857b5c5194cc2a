package graphpaint

import (
	"bufio"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"math"
)

// exportMargin is the empty rim of an exported picture in layout units.
const exportMargin = 16

// ErrExport is wrapped by the errors for a picture that cannot be made: of no size, or too large for its format.
var ErrExport = errors.New("graphpaint: export")

// stripHeight is how much of a picture is in memory at a time.
const stripHeight = 128

// WritePNG writes the whole drawing at the given zoom as a PNG picture. The picture is painted in strips, so its size is
// limited by the format (2³¹-1 pixels a side) and by w, not by memory. It stops with ctx.Err() when ctx ends.
func (p *Painter) WritePNG(ctx context.Context, w io.Writer, zoom float64, m Marks) error {
	b := p.drawing.Bounds()
	fw := math.Ceil((float64(b.W()) + 2*exportMargin) * zoom)
	fh := math.Ceil((float64(b.H()) + 2*exportMargin) * zoom)
	// A row is held in memory many times over; half a million pixels of it are 256 MB a strip.
	if !(fw >= 1 && fh >= 1 && fw <= 1<<19 && fh <= math.MaxInt32) {
		return fmt.Errorf("%w: PNG of %g×%g pixels", ErrExport, fw, fh)
	}
	width, height := int(fw), int(fh)
	out := bufio.NewWriterSize(w, 1<<16)
	if _, err := out.WriteString("\x89PNG\r\n\x1a\n"); err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(width))
	head = binary.BigEndian.AppendUint32(head, uint32(height))
	head = append(head, 8, 2, 0, 0, 0) // 8 bits, RGB, deflate, adaptive filters, not interlaced
	if err := writeChunk(out, "IHDR", head); err != nil {
		return err
	}
	z := zlib.NewWriter(&dataChunks{out: out})
	strip := image.NewRGBA(image.Rect(0, 0, width, min(stripHeight, height)))
	prev, line := make([]byte, width*3), make([]byte, width*3)
	filtered := make([]byte, width*3+1)
	filtered[0] = 2 // each byte less the one above
	for y := 0; y < height; y += stripHeight {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.Paint(strip, View{X: -exportMargin, Y: -exportMargin + float64(y)/zoom, Zoom: zoom}, m)
		for row := 0; row < stripHeight && y+row < height; row++ {
			pix := strip.Pix[row*strip.Stride:]
			for x := range width {
				line[x*3], line[x*3+1], line[x*3+2] = pix[x*4], pix[x*4+1], pix[x*4+2]
			}
			for i, v := range line {
				filtered[i+1] = v - prev[i]
			}
			prev, line = line, prev
			if _, err := z.Write(filtered); err != nil {
				return err
			}
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := writeChunk(out, "IEND", nil); err != nil {
		return err
	}
	return out.Flush()
}

// dataChunks wraps compressed data into IDAT chunks.
type dataChunks struct{ out io.Writer }

func (d *dataChunks) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if err := writeChunk(d.out, "IDAT", b); err != nil {
		return 0, err
	}
	return len(b), nil
}

func writeChunk(w io.Writer, kind string, data []byte) error {
	buf := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	buf = append(buf, kind...)
	buf = append(buf, data...)
	buf = binary.BigEndian.AppendUint32(buf, crc32.ChecksumIEEE(buf[4:]))
	_, err := w.Write(buf)
	return err
}
