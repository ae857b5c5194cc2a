package dialogs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// script makes an executable that stands for the helper: what the studio sees
// of it is only arguments, output and exit status.
func script(t *testing.T, body string) *Native {
	t.Helper()
	p := filepath.Join(t.TempDir(), "helper")
	if err := os.WriteFile(p, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Native{executable: p}
}

func TestAnswers(t *testing.T) {
	for body, want := range map[string]string{`echo '["/a b/c.onnx"]'`: "/a b/c.onnx", `echo '{"path":"/x"}'`: "/x", `echo "\"$1 $3\""`: "open T"} {
		got, err := script(t, body).Ask(context.Background(), Request{Kind: "open", Title: "T"})
		if err != nil || got != want {
			t.Errorf("%s: %q %v", body, got, err)
		}
	}
	for body, want := range map[string]error{"exit 1": ErrCancelled, "exit 2": ErrUnavailable, "echo nonsense": ErrUnavailable} {
		if _, err := script(t, body).Ask(context.Background(), Request{Kind: "open"}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
	if _, err := (&Native{}).Ask(context.Background(), Request{}); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}

func TestSaveProposesAName(t *testing.T) {
	got, err := script(t, `printf '{"paths":["%s"]}' "$*"`).Ask(context.Background(), Request{Kind: "save", Title: "T", Name: "a.svg", Dir: "/d", Extensions: []string{"svg", "png"}})
	if want := "save --title T --filter SVG, PNG:svg,png --dir /d --name a.svg"; err != nil || got != want {
		t.Errorf("%q %v, want %q", got, err, want)
	}
}

func TestNamed(t *testing.T) {
	for _, c := range []struct {
		kind, path, want string
	}{
		{"save", "/a/chart", "/a/chart.svg"},
		{"save", "/a/chart.svg", "/a/chart.svg"},
		{"save", "/a/chart.PNG", "/a/chart.PNG"},
		{"save", "/a/chart.v2", "/a/chart.v2.svg"},
		{"open", "/a/chart", "/a/chart"},
	} {
		if got := (Request{Kind: c.kind, Extensions: []string{"svg", "png"}}).Named(c.path); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.kind, c.path, got, c.want)
		}
	}
	if got := (Request{Kind: "save"}).Named("/a/b"); got != "/a/b" {
		t.Error(got)
	}
}
