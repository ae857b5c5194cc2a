package task

import (
	"bytes"
	"image"
	_ "image/gif"  // decoder
	_ "image/jpeg" // decoder
	_ "image/png"  // decoder
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/disintegration/imaging"
	_ "golang.org/x/image/bmp"  // decoder
	_ "golang.org/x/image/webp" // decoder

	"slipway/conversion/diag"
	"slipway/conversion/tensor"
)

// Limits of a picture, checked from its header before anything is decoded.
const (
	maxPixels    = 64 << 20
	maxSide      = 16384
	maxAspect    = 100
	maxFileBytes = 256 << 20
)

// Extensions of picture files that Decode reads.
var Extensions = []string{".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"}

// IsPicture says by the name whether a file is a picture.
func IsPicture(path string) bool {
	return slices.Contains(Extensions, strings.ToLower(filepath.Ext(path)))
}

// DecodeFile reads a picture and turns it upright. Errors are findings.
func DecodeFile(path string) (*image.NRGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, diag.Errorf("image.unreadable", "cannot be read: %v", err).In(path)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, diag.Errorf("image.unreadable", "cannot be read: %v", err).In(path)
	}
	if strings.EqualFold(filepath.Ext(path), ".bin") {
		return rawSquare(path, b)
	}
	img, err := Decode(b)
	if err != nil {
		for _, f := range diag.FromError("image.undecodable", err) {
			return nil, f.In(path)
		}
	}
	return img, nil
}

// rawSquare reads a headerless square RGB picture, 8 bits a channel, as the
// CIFAR and person test sets store them.
func rawSquare(path string, b []byte) (*image.NRGBA, error) {
	n := int(math.Sqrt(float64(len(b) / 3)))
	if n == 0 || 3*n*n != len(b) {
		return nil, diag.Errorf("image.undecodable", "%d bytes are no square RGB picture", len(b)).In(path)
	}
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	for i := range n * n {
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3] = b[3*i], b[3*i+1], b[3*i+2], 255
	}
	return img, nil
}

// Decode decodes and turns upright a picture held in memory. Errors are
// findings without a file.
func Decode(b []byte) (*image.NRGBA, error) {
	if len(b) > maxFileBytes {
		return nil, diag.Errorf("image.too-large", "more than %d MB of picture file", maxFileBytes>>20)
	}
	if len(b) == 0 {
		return nil, diag.Errorf("image.empty", "the file is empty")
	}
	cfg, format, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, diag.Errorf("image.undecodable", "is not a picture that can be read: %v", err).
			Suggest("use JPEG, PNG, WebP, BMP or GIF")
	}
	w, h := cfg.Width, cfg.Height
	if w <= 0 || h <= 0 {
		return nil, diag.Errorf("image.size", "the %s header claims %dx%d pixels", format, w, h)
	}
	if w > maxSide || h > maxSide || w*h > maxPixels || w > maxAspect*h || h > maxAspect*w {
		return nil, diag.Errorf("image.size", "%dx%d pixels are beyond the limits (%d a side, %d megapixels, aspect %d:1)",
			w, h, maxSide, maxPixels>>20, maxAspect).Suggest("scale or crop the picture first")
	}
	img, err := imaging.Decode(bytes.NewReader(b), imaging.AutoOrientation(true))
	if err != nil {
		return nil, diag.Errorf("image.undecodable", "the %s data is damaged: %v", format, err)
	}
	return imaging.Clone(img), nil
}

// Geometry maps positions in the model's input back to the upright picture:
// x_picture = (x_input - DX) / SX, likewise y.
type Geometry struct{ SX, SY, DX, DY float64 }

var filters = map[string]imaging.ResampleFilter{
	"nearest": imaging.NearestNeighbor, "bilinear": imaging.Linear, "": imaging.Linear,
	"bicubic": imaging.CatmullRom, "lanczos": imaging.Lanczos,
}

// fit scales and crops img to size (height, width).
func (in *Input) fit(img *image.NRGBA, size [2]int) (*image.NRGBA, Geometry) {
	h, w := size[0], size[1]
	b := img.Bounds()
	iw, ih := b.Dx(), b.Dy()
	f := filters[in.Resize.Filter]
	switch in.Resize.Mode {
	case "letterbox", "letterbox-center":
		s := math.Min(float64(w)/float64(iw), float64(h)/float64(ih))
		rw, rh := max(1, int(float64(iw)*s)), max(1, int(float64(ih)*s))
		scaled := resize(img, rw, rh, f)
		dx, dy := 0, 0
		if in.Resize.Mode == "letterbox-center" {
			dx, dy = (w-rw)/2, (h-rh)/2
		}
		bg := imaging.New(w, h, grey(in.Resize.Fill))
		return imaging.Paste(bg, scaled, image.Pt(dx, dy)), Geometry{float64(rw) / float64(iw), float64(rh) / float64(ih), float64(dx), float64(dy)}
	case "short-side":
		short := in.Resize.Short
		if short == 0 {
			short = min(w, h)
		}
		s := float64(short) / float64(min(iw, ih))
		img, ox, oy := cropToWindow(img, float64(w)/s, float64(h)/s)
		cw, ch := img.Bounds().Dx(), img.Bounds().Dy()
		rw, rh := max(w, int(math.Round(float64(cw)*s))), max(h, int(math.Round(float64(ch)*s)))
		scaled := resize(img, rw, rh, f)
		sx, sy := float64(rw)/float64(cw), float64(rh)/float64(ch)
		// The crop window is centred as torchvision does: round((size-crop)/2).
		x0, y0 := int(math.Round(float64(rw-w)/2)), int(math.Round(float64(rh-h)/2))
		out := imaging.Crop(scaled, image.Rect(x0, y0, x0+w, y0+h))
		return out, Geometry{sx, sy, -float64(x0) - float64(ox)*sx, -float64(y0) - float64(oy)*sy}
	}
	return resize(img, w, h, f), Geometry{SX: float64(w) / float64(iw), SY: float64(h) / float64(ih)}
}

// cropToWindow cuts a very long picture down to the middle that the crop window
// of w x h source pixels can see, with a margin for the filter, so that no
// enormous scaled picture is ever built. It returns the cut's origin.
func cropToWindow(img *image.NRGBA, w, h float64) (*image.NRGBA, int, int) {
	b := img.Bounds()
	iw, ih := b.Dx(), b.Dy()
	const slack = 2
	if iw <= slack*ih && ih <= slack*iw {
		return img, 0, 0
	}
	cw, ch := min(iw, int(w*1.5)+16), min(ih, int(h*1.5)+16)
	x0, y0 := (iw-cw)/2, (ih-ch)/2
	return imaging.Crop(img, image.Rect(x0, y0, x0+cw, y0+ch)), x0, y0
}

func resize(img *image.NRGBA, w, h int, f imaging.ResampleFilter) *image.NRGBA {
	if img.Bounds().Dx() == w && img.Bounds().Dy() == h {
		return img
	}
	return imaging.Resize(img, w, h, f)
}

// Prepare turns an upright picture into the input tensor, float32, batch 1, and
// tells how to map positions back. size overrides the task's where it is set.
func (t *Task) Prepare(img *image.NRGBA) (*tensor.Tensor, Geometry, error) {
	in := &t.Input
	if in.Size[0] <= 0 || in.Size[1] <= 0 {
		return nil, Geometry{}, diag.Errorf("task.no-size", "the task does not say how large the model's input is").
			Suggest("set input.size in the task")
	}
	px, geo := in.fit(img, in.Size)
	h, w, c := in.Size[0], in.Size[1], in.channels()
	out := make([]float32, h*w*c)
	scale, shift := in.affine()
	order := [3]int{0, 1, 2}
	if in.Color == "BGR" {
		order = [3]int{2, 1, 0}
	}
	for y := range h {
		row := px.Pix[y*px.Stride : y*px.Stride+4*w]
		for x := range w {
			p := row[4*x : 4*x+4 : 4*x+4]
			a := uint32(p[3])
			for k := range c {
				v := float32(0)
				if c == 1 {
					v = 0.299*float32(p[0]) + 0.587*float32(p[1]) + 0.114*float32(p[2])
				} else {
					v = float32(p[order[k]])
				}
				if a != 255 {
					v = v * float32(a) / 255
				}
				v = v*scale[k] + shift[k]
				if in.Layout == "NHWC" {
					out[(y*w+x)*c+k] = v
				} else {
					out[(k*h+y)*w+x] = v
				}
			}
		}
	}
	if in.Layout == "NHWC" {
		return tensor.Of(out, 1, h, w, c), geo, nil
	}
	return tensor.Of(out, 1, c, h, w), geo, nil
}

// affine folds Range, Mean and Std into value = pixel*scale + shift.
func (in *Input) affine() (scale, shift [3]float32) {
	white := in.Range
	if white == 0 {
		white = 255
	}
	for k := range 3 {
		m, s := pick(in.Mean, k, 0), pick(in.Std, k, 1)
		scale[k], shift[k] = float32(white/255/s), float32(-m/s)
	}
	return
}

// Span is the least and the largest value that an element of the input tensor
// takes, over all channels.
func (in *Input) Span() (low, high float64) {
	scale, shift := in.affine()
	low, high = math.Inf(1), math.Inf(-1)
	for k := range in.channels() {
		black, white := float64(shift[k]), float64(shift[k]+255*scale[k])
		low, high = min(low, black, white), max(high, black, white)
	}
	return low, high
}

func pick(v []float64, k int, def float64) float64 {
	switch {
	case len(v) == 0:
		return def
	case k < len(v):
		return v[k]
	}
	return v[0]
}
