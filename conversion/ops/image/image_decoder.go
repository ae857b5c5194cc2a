package image

import (
	"bytes"
	"fmt"
	goimage "image"

	// The formats that can be decoded; each registers itself.
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"

	// These register themselves, too.
	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

// maxPixels bounds what a header may claim.
const maxPixels = 1 << 28

// imageDecoderDef reads PNG, JPEG, GIF, BMP, TIFF, WebP and binary PNM. JPEG's
// inverse transform is not exactly defined: decoders differ by a few steps.
var imageDecoderDef = &op.Def{
	Name: "ImageDecoder", Doc: "Decodes the bytes of a picture file to [height, width, channels].", Family: "image",
	Attrs:  []op.Attr{{Name: "pixel_format", Kind: op.Str, Default: "RGB"}},
	Inputs: op.In("encoded_stream"), Outputs: op.In("image"),
	Infer: func(c *op.InferCtx) error {
		ch, err := channels(c.Node)
		if err != nil {
			return err
		}
		s := kernel.FreshShape(c.Out(0), 3)
		s[2] = ir.Static(int64(ch))
		c.Set(0, tensor.Uint8, s)
		return nil
	},
	Eval: func(c *op.EvalCtx) error {
		ch, err := channels(c.Node)
		if err != nil {
			return err
		}
		x := c.Arg(0)
		if x == nil || x.DType() != tensor.Uint8 {
			return fmt.Errorf("wants the bytes of a file")
		}
		img, err := decode(x.Bytes())
		if err != nil {
			return err
		}
		if y, ok := img.(*goimage.YCbCr); ok {
			img = colours(y, bytes.HasPrefix(x.Bytes(), []byte("RIFF")))
		}
		b := img.Bounds()
		out := pixels(img, c.Str("pixel_format", "RGB"))
		c.Out[0] = tensor.Of(out, b.Dy(), b.Dx(), ch)
		return nil
	},
	Tol: op.Tolerance{Abs: 4},
}

func channels(n *ir.Node) (int, error) {
	switch f := n.Str("pixel_format", "RGB"); f {
	case "RGB", "BGR":
		return 3, nil
	case "Grayscale":
		return 1, nil
	default:
		return 0, fmt.Errorf("pixel_format %q is not known", f)
	}
}

// decode reads the header first, so that no claim of it is allocated unchecked.
func decode(b []byte) (goimage.Image, error) {
	if len(b) > 2 && b[0] == 'P' && (b[1] == '5' || b[1] == '6') {
		return decodePNM(b)
	}
	h, _, err := goimage.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("the picture cannot be read: %w", err)
	}
	if h.Width <= 0 || h.Height <= 0 || h.Width > maxPixels/h.Height {
		return nil, fmt.Errorf("a picture of %d×%d pixels", h.Width, h.Height)
	}
	img, _, err := goimage.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("the picture cannot be read: %w", err)
	}
	return img, nil
}

// decodePNM reads the binary forms of netpbm, P5 and P6, with up to 255 steps.
func decodePNM(b []byte) (goimage.Image, error) {
	rest := b[2:]
	var head [3]int
	for i := range head {
		var err error
		if head[i], rest, err = pnmNumber(rest); err != nil {
			return nil, err
		}
	}
	w, h, top := head[0], head[1], head[2]
	n := 1
	if b[1] == '6' {
		n = 3
	}
	if w <= 0 || h <= 0 || w > maxPixels/h || top != 255 || len(rest) < 1+w*h*n {
		return nil, fmt.Errorf("a PNM picture of %d×%d with %d steps and %d bytes", w, h, top, len(rest))
	}
	rest = rest[1:]
	if n == 1 {
		return &goimage.Gray{Pix: rest[:w*h], Stride: w, Rect: goimage.Rect(0, 0, w, h)}, nil
	}
	img := goimage.NewRGBA(goimage.Rect(0, 0, w, h))
	for i := range w * h {
		copy(img.Pix[4*i:], rest[3*i:][:3])
		img.Pix[4*i+3] = 255
	}
	return img, nil
}

// pnmNumber reads a number behind white space and comments.
func pnmNumber(b []byte) (int, []byte, error) {
	for len(b) > 0 {
		switch c := b[0]; {
		case c == '#':
			end := bytes.IndexByte(b, '\n')
			if end < 0 {
				return 0, nil, fmt.Errorf("a PNM header without an end")
			}
			b = b[end:]
		case c == ' ' || c >= '\t' && c <= '\r':
			b = b[1:]
		default:
			n, digits := 0, 0
			for len(b) > 0 && b[0] >= '0' && b[0] <= '9' && n < 1<<30 {
				n = n*10 + int(b[0]-'0')
				b, digits = b[1:], digits+1
			}
			if digits == 0 {
				return 0, nil, fmt.Errorf("a PNM header without a number")
			}
			return n, b, nil
		}
	}
	return 0, nil, fmt.Errorf("a PNM header without a number")
}

// pixels lays the picture out row by row. Gray is the luma of ITU-R BT.601
// with weights in 1/65536.
func pixels(img goimage.Image, format string) []byte {
	b := img.Bounds()
	var out []byte
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r16, g16, b16, _ := img.At(x, y).RGBA()
			r, g, bl := byte(r16>>8), byte(g16>>8), byte(b16>>8)
			switch format {
			case "BGR":
				out = append(out, bl, g, r)
			case "Grayscale":
				out = append(out, byte((19595*uint32(r)+38470*uint32(g)+7471*uint32(bl)+1<<15)>>16))
			default:
				out = append(out, r, g, bl)
			}
		}
	}
	return out
}
