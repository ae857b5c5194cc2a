package testkit

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Synthetic is the path of a model with seeded random weights that
// scripts/bench/models.py makes and keeps in .cache/bench: resnet50 (102 MB),
// mobilenet_v2 (14 MB), vit_b_16 (346 MB) or chain10000, a graph of 10,000
// nodes. The test is skipped where the Python that makes them is absent.
func Synthetic(t testing.TB, name string) string {
	t.Helper()
	root := Root(t)
	cmd := exec.Command(Python(t), filepath.Join(root, "scripts", "bench", "models.py"), filepath.Join(root, ".cache", "bench"), name)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}
