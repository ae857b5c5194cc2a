//go:build unix

package tensorrt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An engine that nothing here can build again is told of with what it was built
// for, and stays noted where it fits.
func TestStanding(t *testing.T) {
	earlier := folder(t)
	if left, err := Standing(folder(t), earlier); left != nil || err != nil {
		t.Fatalf("%+v %v, where no engine was built", left, err)
	}
	if _, err := Build(t.Context(), fake(t, works), earlier, "", nil); err != nil {
		t.Fatal(err)
	}
	again := folder(t)
	left, err := Standing(again, earlier)
	if err != nil || left == nil || left.Why != "" || left.File != "net.engine" || left.Name != "NVIDIA A10" || left.TensorRT != "10.3.0" {
		t.Fatalf("%+v %v", left, err)
	}
	if b := readBuilt(again); b == nil || *b != left.Built {
		t.Errorf("the new build file tells of %+v", b)
	}
	other := folder(t)
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(filepath.Dir(other), "net.onnx"), "another")
	left, err = Standing(other, earlier)
	if err != nil || left == nil || !strings.Contains(left.Why, "another model") || readBuilt(other) == nil {
		t.Errorf("%+v %v", left, err)
	}
	engine := filepath.Join(filepath.Dir(earlier), "net.engine")
	write(engine, "exchanged")
	if left, err = Standing(folder(t), earlier); err != nil || left == nil || !strings.Contains(left.Why, "not the engine") {
		t.Errorf("%+v %v", left, err)
	}
	if err := os.Remove(engine); err != nil {
		t.Fatal(err)
	}
	if left, err = Standing(folder(t), earlier); left != nil || err != nil {
		t.Errorf("%+v %v, where the engine was taken away", left, err)
	}
}
