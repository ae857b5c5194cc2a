package settings

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/diag"
)

// TestUnwrittenSettingsHoldUntilTheEnd and say why they are not kept.
func TestUnwrittenSettingsHoldUntilTheEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := &File{path: filepath.Join(file, "settings.json")}
	err := f.Update(func(s *Settings) { s.Theme = "dark" })
	var l diag.List
	if !errors.As(err, &l) || l[0].Code != "settings.unwritten" || l[0].Suggestion == "" {
		t.Errorf("%v", err)
	}
	if f.Get().Theme != "dark" {
		t.Error("the change is lost")
	}
}
