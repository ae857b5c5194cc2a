package settings

import (
	"os"
	"path/filepath"
	"testing"
)

func TestRecentFilesSurviveAndStayUnique(t *testing.T) {
	p := filepath.Join(t.TempDir(), "a", "settings.json")
	f, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"a", "b", "a"} {
		if err := f.Remember(Recent{Path: m}); err != nil {
			t.Fatal(err)
		}
	}
	g, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	if r := g.Get().Recent; len(r) != 2 || r[0].Path != "a" || r[1].Path != "b" {
		t.Errorf("%v", r)
	}
}

func TestDamagedFileIsSetAside(t *testing.T) {
	p := filepath.Join(t.TempDir(), "settings.json")
	os.WriteFile(p, []byte(`{"recent": [`), 0o644)
	f, err := Open(p)
	if err == nil || f == nil {
		t.Fatal("a damaged file must be reported and leave usable settings")
	}
	if b, _ := os.ReadFile(p + ".damaged"); string(b) != `{"recent": [` {
		t.Errorf("set aside: %q", b)
	}
	if err := f.Remember(Recent{Path: "x"}); err != nil {
		t.Error(err)
	}
}
