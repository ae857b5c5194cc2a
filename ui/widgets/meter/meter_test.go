package meter

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

func TestSet(t *testing.T) {
	test.NewTempApp(t)
	m := New()
	r := test.TempWidgetRenderer(t, m).(*renderer)
	m.Resize(fyne.NewSize(200, 6))
	for _, c := range []struct {
		share float64
		width float32
	}{{0, 0}, {0.25, 50}, {1, 200}, {7, 200}, {-1, 0}} {
		m.Set(c.share)
		if got := r.bar.Size().Width; got != c.width {
			t.Errorf("%v: the bar is %v wide, want %v", c.share, got, c.width)
		}
	}
}
