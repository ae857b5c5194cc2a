package randomgraph

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	ops "slipway/conversion/ops/all"
)

// TestCases runs every check on the cases in testdata: what was found once.
func TestCases(t *testing.T) {
	reg := ops.Registry()
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("CASES"); dir != "" {
		files, _ = filepath.Glob(dir)
	}
	checks := internal()
	rts, _ := vendors(t)
	for _, r := range rts {
		checks = append(checks, r.Check())
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			c, err := ParseCase(string(b), reg)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range checks {
				if err := k.Try(reg, c); err != nil {
					t.Errorf("%s: %v", k.Name, err)
				}
			}
		})
	}
}
