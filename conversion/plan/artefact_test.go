package plan

import (
	"os"
	"path/filepath"
	"testing"
)

// A folder's hash tells apart what moves between its files.
func TestDescribeFolder(t *testing.T) {
	dir := t.TempDir()
	put := func(folder, file, text string) {
		p := filepath.Join(dir, folder, file)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("one", "a/x", "12")
	put("one", "b", "3")
	put("same", "b", "3")
	put("same", "a/x", "12")
	put("moved", "a/x", "1")
	put("moved", "b", "23")
	hash := map[string]string{}
	for _, n := range []string{"one", "same", "moved"} {
		a, err := describe(dir, n)
		if err != nil || a.Bytes != 3 || a.Path != n {
			t.Fatalf("%+v: %v", a, err)
		}
		hash[n] = a.SHA256
	}
	if hash["one"] != hash["same"] || hash["one"] == hash["moved"] {
		t.Errorf("hashes %v", hash)
	}
}
