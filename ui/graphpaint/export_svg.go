package graphpaint

import (
	"bufio"
	"context"
	"fmt"
	"image/color"
	"io"
	"strings"
	"unicode/utf8"

	"slipway/ui/graphlayout"
)

// WriteSVG writes the whole drawing as an SVG picture, one unit to a layout unit. Text has the width that it has on the
// screen whatever font the reader has. It stops with ctx.Err() when ctx ends.
func (p *Painter) WriteSVG(ctx context.Context, w io.Writer, m Marks) error {
	return p.writeSVG(ctx, w, m, "")
}

// WriteInline is WriteSVG for a picture that becomes part of a page: it has the given class, which must be a plain word,
// and neither its styles nor its identifiers meet others of the page.
func (p *Painter) WriteInline(ctx context.Context, w io.Writer, m Marks, class string) error {
	return p.writeSVG(ctx, w, m, class)
}

func (p *Painter) writeSVG(ctx context.Context, w io.Writer, m Marks, class string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.drawing
	s := &svg{w: bufio.NewWriterSize(w, 1<<16), p: p, marker: "a"}
	attribute, scope := "", ""
	if class != "" {
		attribute, scope, s.marker = ` class="`+class+`"`, "."+class+" ", class+"-a"
	}
	b := d.Bounds()
	s.printf(`<svg%s xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="%d %d %.0f %.0f">`+"\n",
		attribute, b.W()+2*exportMargin, b.H()+2*exportMargin, -exportMargin, -exportMargin, b.W()+2*exportMargin, b.H()+2*exportMargin)
	s.printf(`<style>%stext{font-family:"Noto Sans","Go",Arial,sans-serif;white-space:pre}%s.t{font-weight:600;font-size:%dpx}`+
		`%s.r{font-size:%gpx}%s.n{font-weight:600;font-size:%gpx}%s.l{font-size:%gpx}</style>`+"\n",
		scope, scope, titleSize, scope, rowSize, scope, rowSize, scope, labelSize)
	s.printf(`<rect x="%d" y="%d" width="100%%" height="100%%" fill="%s"/>`+"\n", -exportMargin, -exportMargin, hex(p.palette.Canvas))
	s.printf(`<defs><marker id="%s" viewBox="0 0 7 7.2" refX="7" refY="3.6" markerWidth="7" markerHeight="7.2" `+
		`markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L7 3.6L0 7.2Z" fill="%s"/></marker></defs>`+"\n", s.marker, hex(p.palette.Edge))
	s.printf(`<g fill="none" stroke="%s" stroke-width="1.25">`+"\n", hex(p.palette.Edge))
	for i := range d.Layout.Routes {
		s.route(&d.Layout.Routes[i])
		if i&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	s.printf("</g>\n")
	for i := range d.labels {
		l := &d.labels[i]
		box := l.box()
		s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity="0.84"/>`, box.Min.X, box.Min.Y, box.W(), box.H(), hex(p.palette.Canvas))
		s.text("l", l.text, l.at.X-l.w/2, l.at.Y+labelSize*0.36, l.w, p.palette.Dim)
	}
	for _, i := range m.Found {
		if i >= 0 && i < len(d.Scene.Nodes) {
			r := d.NodeRect(i)
			s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%d" fill="%s"/>`+"\n", r.Min.X-3.5, r.Min.Y-3.5, r.W()+7, r.H()+7, corner+3, hex(p.palette.Found))
		}
	}
	for i := range d.Scene.Nodes {
		s.node(i, m)
		if i&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	s.printf("</svg>\n")
	if s.err != nil {
		return s.err
	}
	return s.w.Flush()
}

type svg struct {
	w      *bufio.Writer
	p      *Painter
	marker string // the arrow's identifier
	err    error
}

func (s *svg) printf(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.w, format, args...)
	}
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

func (s *svg) route(r *graphlayout.Route) {
	s.printf(`<path marker-end="url(#%s)" d="M%.1f %.1f`, s.marker, r.Start.X, r.Start.Y)
	for _, g := range r.Segments {
		if g.Curve {
			s.printf("C%.1f %.1f %.1f %.1f %.1f %.1f", g.C1.X, g.C1.Y, g.C2.X, g.C2.Y, g.To.X, g.To.Y)
		} else {
			s.printf("L%.1f %.1f", g.To.X, g.To.Y)
		}
	}
	s.printf(`"/>` + "\n")
}

func (s *svg) node(i int, m Marks) {
	d, pal := s.p.drawing, s.p.palette
	r, rows, head := d.NodeRect(i), d.rows[i], s.p.header(i, m)
	s.printf(`<g><title>%s</title>`, escape(d.Scene.Nodes[i].Name))
	fill, stroke, radius := head.fill, head.edge, float32(corner)
	if d.Scene.Nodes[i].Class == Port && m.Heat == nil {
		fill, stroke, radius = pal.Port, pal.Border, headerHeight/2
		head.text = pal.Text
		if len(rows) > 0 {
			radius = corner * 2
		}
	} else if len(rows) > 0 {
		fill, stroke = pal.Body, pal.Border
	}
	s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%g" fill="%s" stroke="%s"/>`,
		r.Min.X+0.5, r.Min.Y+0.5, r.W()-1, r.H()-1, radius, hex(fill), hex(stroke))
	titleWidth := d.fonts.face[bold].width(d.title[i], titleSize)
	x := r.Min.X + sidePad
	if len(rows) == 0 {
		x = (r.Min.X + r.Max.X - titleWidth) / 2
	} else if fill == pal.Body {
		s.printf(`<path d="M%.1f %.1fv-%dq0 -%d %d -%dh%.1fq%d 0 %d %dv%dz" fill="%s"/>`, r.Min.X, r.Min.Y+headerHeight,
			headerHeight-corner, corner, corner, corner, r.W()-2*corner, corner, corner, corner, headerHeight-corner, hex(head.fill))
	}
	s.text("t", d.title[i], x, r.Min.Y+headerHeight/2+titleSize*0.36, titleWidth, head.text)
	names := d.nameWidth(rows)
	for k, row := range rows {
		y := r.Min.Y + headerHeight + rowsPad + (float32(k)+0.5)*rowHeight + rowSize*0.36
		s.text("n", row.Name, r.Min.X+sidePad, y, d.fonts.face[bold].width(row.Name, rowSize), pal.Dim)
		s.text("r", row.Value, r.Min.X+sidePad+names, y, d.fonts.face[regular].width(row.Value, rowSize), pal.Text)
	}
	s.printf("</g>\n")
}

func (s *svg) text(class, text string, x, y, width float32, c color.RGBA) {
	if text == "" {
		return
	}
	s.printf(`<text class="%s" x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s">%s</text>`,
		class, x, y, width, hex(c), escape(text))
}

// escape makes text safe inside an element; characters that XML does not allow become a replacement character.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r < 0x20 && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF, r == utf8.RuneError:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
