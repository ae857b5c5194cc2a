package ui

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"slipway/project"
	"slipway/project/local"
	"slipway/project/projecttest"
)

// TestUnkeptIsSaid: a model whose project cannot be written is shown, with what that
// means, at once and at the bottom for as long as it is open.
func TestUnkeptIsSaid(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(data, nil, 0o600); err != nil { // a file where a folder has to be
		t.Fatal(err)
	}
	u, _ := newUIWith(t, project.Env{Open: local.Open, DataDir: data})
	model := projecttest.Write(t, t.TempDir(), "net", projecttest.Net)
	if err := u.o.Studio.OpenModel(context.Background(), model, ""); err != nil {
		t.Fatal(err)
	}
	u.opened(model)
	if u.Front() != "graph" || !strings.HasSuffix(u.status.open(), "not kept") {
		t.Errorf("front %s, at the bottom %q", u.Front(), u.status.open())
	}
	top := u.win.Canvas().Overlays().Top()
	said := ""
	for _, o := range test.LaidOutObjects(top) {
		switch l := o.(type) {
		case *widget.Label:
			said += l.Text + "\n"
		case *canvas.Text:
			said += l.Text + "\n"
		}
	}
	for _, part := range []string{"net.onnx is open for now only", "nothing will be kept", "XDG_DATA_HOME"} {
		if !strings.Contains(said, part) {
			t.Errorf("%q is not among\n%s", part, said)
		}
	}
	if err := u.o.Studio.CloseModel(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(u.status.open(), "kept") {
		t.Errorf("at the bottom %q of no model", u.status.open())
	}
}
