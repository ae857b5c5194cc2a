package randomgraph

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/conversion/op"
)

// report makes a failing case small, writes it to testdata/found and fails.
func report(t *testing.T, reg *op.Registry, k Check, c *Case, first error) {
	t.Helper()
	small, err := Shrink(reg, c, k)
	if err == nil {
		err = first
	}
	h := fnv.New32a()
	h.Write([]byte(small.Graph.Nodes[0].Op + err.Error()))
	name := fmt.Sprintf("%s-%s-%08x.txt", k.Name, strings.ToLower(strings.Join(kinds(small.Graph), "-")), h.Sum32())
	dir := filepath.Join("testdata", "found")
	if e := os.MkdirAll(dir, 0o755); e != nil {
		t.Fatal(e)
	}
	text := fmt.Sprintf("# %s, seed %d\n# %s\n%s", k.Name, c.Seed, strings.ReplaceAll(err.Error(), "\n", "\n# "), small.Text())
	if e := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); e != nil {
		t.Fatal(e)
	}
	t.Errorf("%s, seed %d: %v\n%s", k.Name, c.Seed, err, small.Text())
}
