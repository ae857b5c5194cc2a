package report

import (
	"fmt"
	"html/template"

	"slipway/runtimes/task"
	"slipway/units"
)

// maxPictures bounds the file's size.
const maxPictures = 40

// ranks is the number of classes shown.
const ranks = 5

type picture struct {
	Name  string
	Thumb template.URL
	Err   string
	Rows  []answer
}

type answer struct {
	Variant string
	Color   template.CSS
	Err     string
	Ranks   []guess
}

type guess struct {
	Label, Score string
	Bar          template.CSS
	Odd          bool // the best class, and not the source's
	First        bool
}

// pictures puts what every variant says of a picture side by side.
func (d *Data) pictures() []picture {
	var out []picture
	for _, p := range d.Pictures[:min(maxPictures, len(d.Pictures))] {
		q := picture{Name: p.Name, Thumb: dataURI(p.Thumb), Err: p.Err}
		want := ""
		for _, c := range p.Cells {
			if c.Variant == 0 && len(c.Predictions) > 0 {
				want = c.Predictions[0].Label
			}
		}
		for _, c := range p.Cells {
			v := d.variant(c.Variant)
			if v == nil {
				continue
			}
			a := answer{Variant: v.Title, Err: c.Err, Color: d.row(v).Color}
			for i, g := range c.Predictions[:min(ranks, len(c.Predictions))] {
				a.Ranks = append(a.Ranks, guess{
					Label: label(g), Score: units.Percent(g.Score), First: i == 0, Odd: i == 0 && want != "" && label(g) != want && g.Box == nil,
					Bar: template.CSS(fmt.Sprintf("width:%.1f%%", 100*min(max(g.Score, 0), 1))), //nolint:gosec // a number
				})
			}
			q.Rows = append(q.Rows, a)
		}
		out = append(out, q)
	}
	return out
}

func label(p task.Prediction) string {
	if p.Label != "" {
		return p.Label
	}
	return fmt.Sprintf("class %d", p.Index)
}
