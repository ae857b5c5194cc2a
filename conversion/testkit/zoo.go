package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// Zoo is the folder of real models: STUDIO_ZOO, else shared/zoo beside the
// repository. The test is skipped where it is absent.
func Zoo(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("STUDIO_ZOO")
	if dir == "" {
		dir = filepath.Join(Root(t), "..", "shared", "zoo")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the real models are absent: %v", err)
	}
	return dir
}
