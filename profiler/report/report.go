package report

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/wcharczuk/go-chart/v2/roboto"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageCSS string

var page = template.Must(template.New("page").Parse(pageText))

// Write writes the report. Nothing but w's errors and a chart that cannot be
// drawn makes it fail; the caller takes care that the file appears whole.
func Write(w io.Writer, d *Data) error {
	v, err := d.view()
	if err != nil {
		return err
	}
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// style is the page's style sheet with the font that the charts' widths were
// measured in.
func style() template.CSS {
	font := "@font-face{font-family:'Roboto Medium';src:url(data:font/ttf;base64," + base64.StdEncoding.EncodeToString(roboto.Roboto) + ")}\n"
	return template.CSS(font + pageCSS) //nolint:gosec // both are constants of the program
}

// dataURI makes the address of a picture that is inside the page.
func dataURI(jpeg []byte) template.URL {
	if len(jpeg) == 0 {
		return ""
	}
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(jpeg)) //nolint:gosec // base64 holds no markup
}
