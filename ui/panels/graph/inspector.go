package graph

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/summary"
	"slipway/conversion/tensor"
	"slipway/ui/theme"
	"slipway/ui/widgets/finding"
	"slipway/ui/widgets/hint"
	"slipway/ui/widgets/words"
	"slipway/units"
)

// inspector shows one node; UI goroutine only.
type inspector struct {
	content *container.Scroll
	box     *fyne.Container
	jump    func(node string)
	copy    func(text string)
	serial  int // of the node shown, so that late statistics are dropped
}

func newInspector(jump, copy func(string)) *inspector {
	i := &inspector{jump: jump, copy: copy, box: container.NewVBox()}
	i.content = container.NewVScroll(container.NewPadded(i.box))
	return i
}

func (i *inspector) heading(text string) {
	l := words.Title(text)
	l.Truncation = fyne.TextTruncateEllipsis
	i.box.Add(l)
}

// showModel fills the inspector where no layer is selected.
func (i *inspector) showModel(name string, s *summary.Summary) {
	i.serial++
	i.box.RemoveAll()
	if s == nil {
		i.box.Add(words.Caption("No model is open."))
		return
	}
	i.heading(name)
	i.box.Add(words.Caption("Select a layer to see its attributes and weights."))
	hurts := len(s.Findings.Errors())
	if hurts > 0 { // nothing can be converted: that comes first
		i.findings(s.Findings)
	}
	i.table("Model", []fact{
		{Name: "format", Value: s.Format + ", " + s.Version},
		{Name: "made by", Value: s.Producer},
		{Name: "parameters", Value: units.Count(s.Params)},
		{Name: "weights", Value: units.Bytes(s.Bytes)},
		{Name: "MACs", Value: units.Count(s.MACs)},
		{Name: "layers", Value: fmt.Sprint(len(s.Layers))},
	})
	var ops []fact
	for _, op := range s.TopOperators() {
		ops = append(ops, fact{Name: op, Value: fmt.Sprint(s.Operators[op])})
	}
	i.tableOf("Operators", ops, &pairs{share: 0.7})
	if hurts == 0 {
		i.findings(s.Findings)
	}
	i.content.ScrollToTop()
}

func (i *inspector) findings(list diag.List) {
	if len(list) == 0 {
		return
	}
	i.box.Add(section2("Findings"))
	for _, f := range list {
		i.box.Add(finding.Row(f))
	}
}

// show fills the inspector with a node.
func (i *inspector) show(n *ir.Node) {
	i.serial++
	mine := i.serial
	i.box.RemoveAll()
	i.heading(n.Op)
	name := words.Caption(n.Name)
	copyName := hint.NewIcon(base.ContentCopyIcon(), "Copy the name", func() { i.copy(n.Name) })
	i.box.Add(container.NewBorder(nil, nil, nil, copyName, name))
	var consts []fact
	for _, s := range describe(n) {
		i.table(s.Title, s.Facts)
		for _, f := range s.Facts {
			if f.Const != nil && f.Const.Len() > 4 && f.Const.DType() != tensor.String {
				consts = append(consts, f)
			}
		}
	}
	for _, f := range consts {
		box := container.NewVBox(section2("Weights "+f.Name), words.Caption("counting …"))
		i.box.Add(box)
		go func() {
			st := summary.Stats(f.Const)
			fyne.Do(func() {
				if i.serial == mine {
					i.statistics(box, st)
				}
			})
		}()
	}
	i.content.ScrollToTop()
}

func section2(title string) fyne.CanvasObject {
	l := widget.NewLabel(title)
	l.TextStyle.Bold = true
	return container.NewVBox(widget.NewSeparator(), l)
}

func (i *inspector) table(title string, facts []fact) { i.tableOf(title, facts, &pairs{}) }

func (i *inspector) tableOf(title string, facts []fact, p *pairs) {
	i.box.Add(section2(title))
	form := container.New(p)
	for _, f := range facts {
		if f.Value == "" {
			continue
		}
		k := words.Caption(f.Name)
		k.Wrapping = fyne.TextWrapOff
		if len(f.Name) > 20 { // to look where a text is to be cut is slow
			k.Truncation = fyne.TextTruncateEllipsis
		}
		v := widget.NewLabel(f.Value)
		v.Wrapping = fyne.TextWrapWord
		form.Add(k)
		if f.Jump == "" {
			form.Add(v)
			continue
		}
		b := hint.NewIcon(base.NavigateNextIcon(), "Go to the layer at the other end", func() { i.jump(f.Jump) })
		form.Add(container.NewBorder(nil, nil, nil, container.NewVBox(b), v))
	}
	i.box.Add(form)
}

func (i *inspector) statistics(box *fyne.Container, st *summary.Statistics) {
	box.Objects = box.Objects[:1]
	box.Add(newHistogram(st))
	rows := fmt.Sprintf("min %.4g   max %.4g   mean %.4g   σ %.4g", st.Min, st.Max, st.Mean, st.Std)
	box.Add(words.Caption(rows))
	box.Add(words.Caption(fmt.Sprintf("%s elements, %s zero", units.Count(int64(st.Count)), units.Percent(float64(st.Zeros)/float64(max(st.Count, 1))))))
	if st.NaN+st.Inf > 0 {
		l := widget.NewLabel(fmt.Sprintf("%d NaN and %d infinite elements", st.NaN, st.Inf))
		l.Importance = widget.DangerImportance
		box.Add(l)
	}
	box.Refresh()
	i.box.Refresh()
}

// newHistogram draws the bins as bars from the ground up, at the screen's own
// pixels and in the theme's colour of the moment.
func newHistogram(st *summary.Statistics) fyne.CanvasObject {
	bins := st.Histogram
	r := canvas.NewRaster(func(w, h int) image.Image {
		return histogramImage(bins, w, h, theme.Current(base.ColorNamePrimary), theme.Current(theme.ColorBorder))
	})
	r.SetMinSize(fyne.NewSize(200, 72))
	return container.New(layout.NewCustomPaddedLayout(0, 0, 6, 6), r)
}

// histogramImage is a bar for each bin, as high as its share of the fullest one;
// a bin that is not empty is seen however small.
func histogramImage(bins []int, w, h int, bar, ground color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	top := 1
	for _, n := range bins {
		top = max(top, n)
	}
	for i, n := range bins {
		x0, x1 := i*w/len(bins), (i+1)*w/len(bins)
		if x1-x0 > 3 {
			x1-- // a gap between the bars
		}
		high := 0
		if n > 0 {
			high = max((n*(h-2)+top-1)/top, 1)
		}
		draw.Draw(img, image.Rect(x0, h-1-high, x1, h-1), image.NewUniform(bar), image.Point{}, draw.Src)
	}
	draw.Draw(img, image.Rect(0, h-1, w, h), image.NewUniform(ground), image.Point{}, draw.Src)
	return img
}

// pairs lays objects out in two columns: names of a fixed width, or of a share of
// the width, values in what is left, each row as high as its value needs.
type pairs struct{ share float32 }

const nameWidth = 124

func (p *pairs) names(width float32) float32 {
	if p.share > 0 {
		return width * p.share
	}
	return nameWidth
}

func (p *pairs) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y, w := float32(0), p.names(size.Width)
	for i := 0; i+1 < len(objects); i += 2 {
		k, v := objects[i], objects[i+1]
		v.Resize(fyne.NewSize(size.Width-w, v.MinSize().Height))
		h := max(k.MinSize().Height, v.MinSize().Height)
		k.Resize(fyne.NewSize(w, h))
		v.Resize(fyne.NewSize(size.Width-w, h))
		k.Move(fyne.NewPos(0, y))
		v.Move(fyne.NewPos(w, y))
		y += h - 8
	}
}

func (*pairs) MinSize(objects []fyne.CanvasObject) fyne.Size {
	h := float32(8)
	for i := 0; i+1 < len(objects); i += 2 {
		h += max(objects[i].MinSize().Height, objects[i+1].MinSize().Height) - 8
	}
	return fyne.NewSize(nameWidth+120, h)
}
