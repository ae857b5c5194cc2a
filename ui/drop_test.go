package ui

import (
	"os"
	"path/filepath"
	"testing"
)

func TestClassify(t *testing.T) {
	dir := t.TempDir()
	touch := func(name string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	mkdir := func(name string) string {
		p := filepath.Join(dir, name)
		if err := os.Mkdir(p, 0o755); err != nil {
			t.Fatal(err)
		}
		return p
	}
	net, cat, dog, odd := touch("net.ONNX"), touch("Kätzchen 1.jpg"), touch("dog.png"), touch("weights.bin")
	set, project := mkdir("set"), mkdir("p.slipway")
	for _, c := range []struct {
		in   []string
		kind DropKind
		n    int
	}{
		{[]string{net}, DropModel, 1},
		{[]string{cat, net}, DropModel, 1},
		{[]string{cat}, DropPictures, 1},
		{[]string{cat, dog, odd}, DropPictures, 2},
		{[]string{set}, DropDataset, 1},
		{[]string{project}, DropProject, 1},
		{[]string{odd}, DropModel, 1},
		{[]string{filepath.Join(dir, "gone.jpg")}, DropNothing, 0},
		{nil, DropNothing, 0},
	} {
		if d := Classify(c.in); d.Kind != c.kind || len(d.Paths) != c.n || d.Said == "" {
			t.Errorf("%v: %+v", c.in, d)
		}
	}
}
