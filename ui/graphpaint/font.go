package graphpaint

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Fonts are the two typefaces of a drawing. They are safe for concurrent use.
type Fonts struct {
	face [2]typeface
}

const (
	regular = iota
	bold
)

// typeface measures text at a size of one unit; the widths at other sizes are proportional, so that text fits its box at
// every zoom.
type typeface struct {
	font  *sfnt.Font
	ascii [128]float32
	mu    *sync.Mutex
	other map[rune]float32
	buf   *sfnt.Buffer
}

// NewFonts reads two TrueType or OpenType fonts: for text and for titles.
func NewFonts(text, title []byte) (*Fonts, error) {
	f := &Fonts{}
	for i, data := range [][]byte{text, title} {
		parsed, err := opentype.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("graphpaint: font %d of %d bytes: %w", i, len(data), err)
		}
		t := &f.face[i]
		*t = typeface{font: parsed, mu: &sync.Mutex{}, other: map[rune]float32{}, buf: &sfnt.Buffer{}}
		for r := range t.ascii {
			t.ascii[r] = t.measure(rune(r))
		}
	}
	return f, nil
}

// DefaultFonts are the Go fonts.
var DefaultFonts = sync.OnceValue(func() *Fonts {
	f, err := NewFonts(goregular.TTF, gomedium.TTF)
	if err != nil {
		panic(err) // the fonts are part of the program
	}
	return f
})

const measurePPEM = 1000

func (t *typeface) measure(r rune) float32 {
	g, err := t.font.GlyphIndex(t.buf, r)
	if err != nil {
		return 0.5
	}
	a, err := t.font.GlyphAdvance(t.buf, g, fixed.I(measurePPEM), font.HintingNone)
	if err != nil {
		return 0.5
	}
	return float32(a) / 64 / measurePPEM
}

func (t *typeface) advance(r rune) float32 {
	if r >= 0 && r < 128 {
		return t.ascii[r]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	a, ok := t.other[r]
	if !ok {
		a = t.measure(r)
		t.other[r] = a
	}
	return a
}

func (t *typeface) width(s string, size float32) float32 {
	w := float32(0)
	for _, r := range s {
		w += t.advance(r)
	}
	return w * size
}

// fit is s, shortened in the middle to be no wider than limit.
func (t *typeface) fit(s string, size, limit float32) string {
	if strings.ContainsAny(s, "\n\r\t") {
		s = strings.Join(strings.Fields(s), " ")
	}
	if t.width(s, size) <= limit {
		return s
	}
	runes := []rune(s)
	head, tail := 0, len(runes)
	room := limit/size - t.advance('…')
	for head < tail {
		next := runes[head]
		fromTail := head > len(runes)-tail
		if fromTail {
			next = runes[tail-1]
		}
		if room -= t.advance(next); room < 0 {
			break
		}
		if fromTail {
			tail--
		} else {
			head++
		}
	}
	return string(runes[:head]) + "…" + string(runes[tail:])
}

// glyph is the picture of a character: coverage values, and where its upper left corner lies from the pen.
type glyph struct {
	alpha  []uint8
	w, h   int
	dx, dy int
}

const subpixels = 4

// glyphs is the cache of one typeface at one size. It belongs to one Painter.
type glyphs struct {
	face  font.Face
	ascii [128][subpixels]*glyph
	other map[rune]*[subpixels]*glyph
}

// sizeKey is a size in quarters of a pixel and a typeface.
type sizeKey struct {
	quarters int
	face     int
}

// maxSizes bounds the cache: a continuous zoom passes many sizes, of which few come again.
const maxSizes = 40

type glyphCache struct {
	fonts *Fonts
	sizes map[sizeKey]*glyphs
}

func (c *glyphCache) at(face int, px float64) (*glyphs, error) {
	k := sizeKey{int(px*4 + 0.5), face}
	if g, ok := c.sizes[k]; ok {
		return g, nil
	}
	if len(c.sizes) >= maxSizes || c.sizes == nil {
		c.sizes = make(map[sizeKey]*glyphs, maxSizes)
	}
	f, err := opentype.NewFace(c.fonts.face[face].font,
		&opentype.FaceOptions{Size: float64(k.quarters) / 4, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("graphpaint: text of %g px: %w", px, err)
	}
	g := &glyphs{face: f, other: map[rune]*[subpixels]*glyph{}}
	c.sizes[k] = g
	return g, nil
}

func (g *glyphs) get(r rune, sub int) *glyph {
	var slot **glyph
	if r >= 0 && r < 128 {
		slot = &g.ascii[r][sub]
	} else {
		row := g.other[r]
		if row == nil {
			row = &[subpixels]*glyph{}
			g.other[r] = row
		}
		slot = &row[sub]
	}
	if *slot == nil {
		*slot = g.render(r, sub)
	}
	return *slot
}

func (g *glyphs) render(r rune, sub int) *glyph {
	if r == utf8.RuneError {
		r = '?'
	}
	dr, mask, at, _, ok := g.face.Glyph(fixed.Point26_6{X: fixed.Int26_6(sub * 64 / subpixels)}, r)
	out := &glyph{w: dr.Dx(), h: dr.Dy(), dx: dr.Min.X, dy: dr.Min.Y}
	if !ok || out.w <= 0 || out.h <= 0 {
		return &glyph{}
	}
	out.alpha = make([]uint8, out.w*out.h)
	for y := range out.h {
		for x := range out.w {
			_, _, _, a := mask.At(at.X+x, at.Y+y).RGBA()
			out.alpha[y*out.w+x] = uint8(a >> 8)
		}
	}
	return out
}
