package optimise

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"slipway/conversion/plan"
)

// TestTableTakesWhatItNeeds: it is as high as its rows, and where there are many as
// the page has room for; targets of which the same is to be said share a line.
func TestTableTakesWhatItNeeds(t *testing.T) {
	test.NewTempApp(t)
	s := newSideBySide()
	s.names = map[string]string{"onnx": "ONNX", "ncnn": "ncnn"}
	page := float32(500)
	s.room = func() float32 { return page }
	table := func(rows int) plan.Table {
		out := plan.Table{Targets: []string{"onnx", "ncnn"}, Notes: []plan.Note{{Targets: []string{"onnx", "ncnn"}, Text: "in float: why"}}}
		for i := range rows {
			out.Rows = append(out.Rows, plan.Row{Layer: fmt.Sprint(i), Op: "Conv", In: []string{"int8", "float"}})
		}
		return out
	}
	high := func(rows int) float32 {
		s.show(table(rows))
		return s.space.MinSize().Height
	}
	one, two, many := high(1), high(2), high(200)
	if !(one < two && two < many && many == tableHeight) {
		t.Errorf("1 row takes %v, 2 take %v, 200 take %v", one, two, many)
	}
	if page = 900; high(200) != 450 || high(1) != one {
		t.Errorf("on a high page 200 rows take %v, 1 takes %v", high(200), high(1))
	}
	if got := strings.Split(s.note.Text, "\n"); len(got) != 1 || got[0] != "ONNX, ncnn: in float: why" {
		t.Errorf("notes %q", got)
	}
}
