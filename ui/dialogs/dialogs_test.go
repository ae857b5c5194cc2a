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
