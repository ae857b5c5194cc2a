//go:build unix

package windowtest

import (
	"bytes"
	"context"
	"encoding/csv"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"slipway/project/projecttest"
)

// bare is a home without vendors' libraries and with a package client of the
// test's own, which does what the returned function says: "fail" or "hang".
func bare(t *testing.T) (home, func(mode string)) {
	t.Helper()
	h := newHome(t, "light")
	bin := filepath.Join(h.dir, "bin")
	mode := filepath.Join(h.dir, "mode")
	script := "#!/bin/sh\ncase $(cat '" + mode + "') in hang) exec sleep 600;; esac\necho 'there is no network here' >&2\nexit 1\n"
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "python3"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	set := func(m string) {
		if err := os.WriteFile(mode, []byte(m), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set("fail")
	h.env = []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "XDG_CACHE_HOME=" + filepath.Join(h.dir, "cache"),
		"STUDIO_VENV=", "VIRTUAL_ENV=", "SLIPWAY_ONNXRUNTIME=", "SLIPWAY_OPENVINO=", "SLIPWAY_LITERT=",
	}
	return h, set
}

// dialog answers the desktop's file dialog with a path, as a person does who
// types it.
func (w *window) dialog(path string) {
	w.t.Helper()
	id := ""
	for end := time.Now().Add(patience); id == "" && time.Now().Before(end); time.Sleep(pollEvery) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		c := exec.CommandContext(ctx, "xdotool", "search", "--onlyvisible", "--class", "studio-file-dialog")
		c.Env = append(os.Environ(), "DISPLAY="+w.screen.name)
		out, _ := c.Output() // fails where nothing is found
		cancel()
		if f := strings.Fields(string(out)); len(f) > 0 {
			id = f[len(f)-1]
		}
	}
	if id == "" {
		w.t.Fatal("no file dialog came")
	}
	for end := time.Now().Add(patience); ; {
		w.tool("windowactivate", "--sync", id)
		w.key("slash") // opens the field for a path where there is none
		w.key("ctrl+a")
		w.text(path)
		w.key("Return")
		if w.gone(id) {
			break
		}
		if time.Now().After(end) {
			w.t.Fatalf("the file dialog does not take %s", path)
		}
		// Letters were lost while the field opened, and a message says that there is no such file: away with it.
		w.key("Return")
	}
	w.tool("windowactivate", "--sync", w.id)
}

// gone reports whether an X window goes away within some looks.
func (w *window) gone(id string) bool {
	for range 100 {
		c := exec.Command("xdotool", "getwindowname", id)
		c.Env = append(os.Environ(), "DISPLAY="+w.screen.name)
		if c.Run() != nil {
			return true
		}
		time.Sleep(pollEvery)
	}
	return false
}

// file waits for a file and returns what is in it.
func (w *window) file(path string) []byte {
	w.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(pollEvery) {
		if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
			return b
		}
	}
	w.t.Fatalf("%s was not written", path)
	return nil
}

// TestWindowHands presses what the main path does not: installing, the desktop's
// file dialogs, undo, cancel, rename, copies, exports, delete. The model is tiny.
func TestWindowHands(t *testing.T) {
	if testing.Short() {
		t.Skip("drives the real window")
	}
	s := newScreen(t)
	h, client := bare(t)
	helper := filepath.Join(filepath.Dir(os.Getenv("STUDIO_BIN")), "studio-file-dialog")
	if _, err := os.Stat(helper); err != nil || !s.managed {
		t.Skip("the desktop's file dialogs are not built here, or there is no window manager: scripts/system-packages dialogs window")
	}
	out := filepath.Join(h.dir, "out of it")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	model := projecttest.Write(t, out, "net", projecttest.Net)
	w := s.open(t, h)

	w.wait(`^runtimes reference mil$`)
	mark := w.mark()
	w.click("Install")
	if why := w.waitAfter(mark, `^job \d+ failed because (.*)`); !strings.Contains(why[1], "there is no network here") {
		t.Errorf("installing failed because %s", why[1])
	}
	w.look("install-failed")
	client("hang")
	mark = w.mark()
	w.click("Install")
	w.waitAfter(mark, `^job \d+ install running `)
	w.click("Cancel this job") // in the line below
	w.waitAfter(mark, `^job \d+ install cancelled `)
	mark = w.mark()
	w.click("Install")
	w.waitAfter(mark, `^job \d+ install running `)
	w.page("ctrl+4", "convert")
	w.click("Cancel$") // in the list of jobs
	w.waitAfter(mark, `^job \d+ install cancelled `)
	w.page("ctrl+1", "start")

	w.click("Open a model…")
	w.dialog(model)
	w.wait(`^drawn ` + regexp.QuoteMeta(model) + ` `)

	w.page("ctrl+3", "optimise")
	for _, step := range []struct{ press, recipe string }{{"fp16", "fp16"}, {"Undo", "fp32"}, {"Redo", "fp16"}, {"Undo", "fp32"}} {
		mark = w.mark()
		w.click(step.press)
		w.waitAfter(mark, `^recipe `+step.recipe+`$`)
	}

	w.page("ctrl+4", "convert")
	w.find("Convert to 3 targets")
	w.click("TensorFlow Lite")
	w.click("OpenVINO")
	w.click("Convert to 1 target")
	id := w.wait(`^variant (\d+) onnx match ONNX fp32$`)[1]
	w.wait(`^job \d+ convert done `)
	w.look("converted") // the job has gone to the others below by then
	w.click("Rename")
	w.find("Cancel$")
	w.text("the one that ships")
	w.key("Return")
	w.wait(`^variant ` + id + ` onnx match the one that ships$`)
	w.click("Save a copy…")
	w.dialog(out)
	w.file(filepath.Join(out, "onnx", "net.onnx"))
	w.look("renamed")

	w.page("ctrl+6", "compare")
	w.click("Save the chart size")
	w.dialog(filepath.Join(out, "size.png"))
	if p, err := png.Decode(bytes.NewReader(w.file(filepath.Join(out, "size.png")))); err != nil || p.Bounds().Dx() < 900 {
		t.Errorf("the exported chart is no picture: %v", err)
	}
	w.click("Save the chart size")
	w.dialog(filepath.Join(out, "plain")) // the extension comes by itself; the dialog completes names that others begin with
	if svg := string(w.file(filepath.Join(out, "plain.svg"))); !strings.HasPrefix(svg, "<svg") || !strings.Contains(svg, "the one that ships") {
		t.Errorf("the exported chart is no SVG of the artefacts: %.80s", svg)
	}
	w.click("Export table…")
	w.dialog(filepath.Join(out, "table.csv"))
	rows, err := csv.NewReader(bytes.NewReader(w.file(filepath.Join(out, "table.csv")))).ReadAll()
	if err != nil || len(rows) != 3 || rows[2][0] != "the one that ships" || rows[2][2] != "match" {
		t.Errorf("the table holds %v: %v", rows, err)
	}
	w.key("ctrl+shift+s")
	w.dialog(filepath.Join(out, "report.html"))
	if page := string(w.file(filepath.Join(out, "report.html"))); !strings.Contains(page, "the one that ships") {
		t.Error("the report lacks the artefact")
	}

	w.page("ctrl+4", "convert")
	w.click("Delete the one that ships")
	w.find("Cancel$")
	w.click("Delete$") // of the question
	for end := time.Now().Add(patience); ; time.Sleep(pollEvery) {
		if left, _ := filepath.Glob(filepath.Join(h.dir, "data", "slipway", "projects", "*", "artefacts", "*")); len(left) == 0 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%v is still there", left)
		}
	}
	w.quit()
}

// TestWindowOwnDialogs exports where the desktop's dialogs are missing.
func TestWindowOwnDialogs(t *testing.T) {
	if testing.Short() {
		t.Skip("drives the real window")
	}
	s := newScreen(t)
	h, _ := bare(t)
	h.env = append(h.env, "STUDIO_NO_NATIVE_DIALOG=1")
	w := s.open(t, h, projecttest.Write(t, t.TempDir(), "net", projecttest.Net))
	w.wait(`^drawn `)
	w.page("ctrl+6", "compare")
	w.click("Export table…")
	w.click("Save$") // of the dialog
	if b := w.file(filepath.Join(h.dir, "comparison.csv")); !bytes.Contains(b, []byte("source")) {
		t.Errorf("the table holds %s", b)
	}
	w.quit()
}
