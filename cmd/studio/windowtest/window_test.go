//go:build unix

package windowtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const samples = "../../../assets/samples"

// vendors skips where the runtimes that the test needs are not installed.
func (w *window) vendors(names ...string) {
	w.t.Helper()
	line := w.wait(`^runtimes .*`)[0] + " "
	for _, n := range names {
		if !strings.Contains(line, " "+n+" ") {
			w.t.Skipf("the runtime %s is not installed: scripts/test-venv gets it", n)
		}
	}
}

func photos(t *testing.T, n int) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(samples, "photos", "*", "*.jpg"))
	if err != nil || len(list) < n {
		t.Fatalf("%d photographs: %v", len(list), err)
	}
	return list[:n]
}

// TestWindowMainPath opens the sample, converts it to two targets, drops
// pictures on the window, measures, and finds all of it again after a restart.
func TestWindowMainPath(t *testing.T) {
	if testing.Short() {
		t.Skip("drives the real window")
	}
	s := newScreen(t)
	h := newHome(t, "light")
	w := s.open(t, h)
	w.vendors("ort", "openvino")
	w.find("Try the sample")
	w.look("start")

	w.click("Try the sample")
	model := w.wait(`^drawn (.*) ([\d.]+)$`)[1]
	w.key("ctrl+f")
	w.text("Conv")
	w.key("Return")
	w.key("Return")
	w.look("graph")

	w.page("ctrl+3", "optimise")
	w.click("int8")
	w.wait("^recipe int8$")
	w.page("ctrl+4", "convert")
	w.find("Details") // what each target would do is known: the table on the other page is, too
	w.page("ctrl+3", "optimise")
	w.look("optimise")
	mark := w.mark()
	w.click("fp32")
	w.waitAfter(mark, "^recipe fp32$")

	w.page("ctrl+4", "convert")
	w.click("TensorFlow Lite") // the third target is taken away
	w.click("Convert to 2 targets")
	onnx := w.wait(`^variant (\d+) onnx (\S+) `)
	openvino := w.wait(`^variant (\d+) openvino (\S+) `)
	for _, v := range [][]string{onnx, openvino} {
		if v[2] != "match" {
			t.Errorf("verdict of %s: %s", v[0], v[2])
		}
	}
	w.wait(`^job \d+ convert done ONNX`)
	w.wait(`^job \d+ convert done OpenVINO`)
	for i, target := range []string{"TensorFlow Lite", "Core ML", "TensorRT", "ncnn"} {
		w.click(target)
		w.find(fmt.Sprintf("Convert to %d targets", 3+i))
	}
	w.look("convert")

	pictures := photos(t, 3)
	w.drop(pictures...)
	for _, p := range pictures {
		abs, _ := filepath.Abs(p)
		if m := w.wait(`^tested (\d+) ` + regexp.QuoteMeta(abs) + `$`); m[1] != "3" {
			t.Errorf("%s has answers of %s variants, not of the source and two artefacts", p, m[1])
		}
	}
	w.wait(`^job \d+ test done `)
	w.look("test")

	mark = w.mark()
	w.drop(filepath.Join(samples, "photos")) // a folder of classes is a dataset
	w.waitAfter(mark, "^panel compare$")
	w.wait(`^job \d+ eval done `)
	w.click("Measure latency")
	w.wait(`^job \d+ bench done `)
	for _, want := range []string{`measured 0 ort`, `measured ` + onnx[1] + ` ort`, `measured ` + openvino[1] + ` openvino`} {
		w.wait("^" + want + "$")
	}
	w.look("compare")
	w.quit()

	h.setTheme(t, "dark")
	w = s.open(t, h, model)
	w.wait(`^drawn `)
	w.wait(`^variant ` + onnx[1] + ` onnx match `)
	w.wait(`^measured ` + openvino[1] + ` openvino$`)
	w.look("graph-dark")
	w.page("ctrl+6", "compare")
	w.look("compare-dark")
	w.quit()
}

// TestWindowRefuses drops what is no model: each time a dialog says why, and the
// window goes on.
func TestWindowRefuses(t *testing.T) {
	if testing.Short() {
		t.Skip("drives the real window")
	}
	s := newScreen(t)
	w := s.open(t, newHome(t, "light"))
	dir := t.TempDir()
	whole, err := os.ReadFile(filepath.Join(samples, "efficientnet-lite0.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
		away    func() // how the dialog goes
	}{
		{"notes.txt", []byte("nothing but words\n"), func() { w.click("Close") }},
		{"page.onnx", []byte("<!DOCTYPE html><html><body>Not found</body></html>"), func() { w.key("Escape") }},
		{"cut short.onnx", whole[:len(whole)/2], func() { w.key("Return") }},
	} {
		file := filepath.Join(dir, c.name)
		if err := os.WriteFile(file, c.content, 0o644); err != nil {
			t.Fatal(err)
		}
		w.drop(file)
		w.find("Copy details")
		w.look("refused-" + strings.ReplaceAll(c.name, " ", "-"))
		c.away()
		w.find("Open a model")
	}
	w.quit()
}

// TestWindowKilled kills the window in the middle of a conversion: what was
// acknowledged before is there after a restart, what was not is nowhere, and
// converting goes on.
func TestWindowKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("drives the real window")
	}
	s := newScreen(t)
	h := newHome(t, "light")
	w := s.open(t, h)
	w.vendors("ort")
	w.click("Try the sample")
	model := w.wait(`^drawn (.*) [\d.]+$`)[1]
	w.page("ctrl+4", "convert")
	w.click("TensorFlow Lite")
	w.click("OpenVINO")
	w.click("Convert to 1 target")
	kept := w.wait(`^variant (\d+) onnx match (.*)$`)
	w.wait(`^job \d+ convert done `)
	w.click("OpenVINO")
	w.click("TensorFlow Lite")
	w.key("ctrl+r")
	w.wait(`^job \d+ convert running (OpenVINO|TFLite)`)
	if err := w.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-w.ended

	w = s.open(t, h, model)
	w.wait(`^drawn `)
	w.wait(`^variant ` + kept[1] + ` onnx match ` + regexp.QuoteMeta(kept[2]) + `$`)
	w.wait(`^runtimes .*`)
	w.page("ctrl+4", "convert")
	w.click("Convert to ")
	id := w.wait(`^variant (\d+) openvino (\S+) `)
	if n, _ := strconv.Atoi(id[1]); n == 0 || id[1] == kept[1] {
		t.Errorf("the new artefact has the number %s", id[1])
	}
	w.quit()
}
