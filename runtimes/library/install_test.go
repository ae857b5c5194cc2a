package library

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const wheelName = "onnxruntime-1.31.1-cp311-cp311-manylinux_2_28_x86_64.whl"

type entry struct {
	name    string
	content []byte
	mode    fs.FileMode
}

func wheel(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(0o644 | e.mode)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func goodWheel(t *testing.T) []byte {
	return wheel(t,
		entry{"onnxruntime/__init__.py", []byte("raise SystemExit"), 0},
		entry{"onnxruntime/capi/libonnxruntime.so.1.31.1", elf(62, 3, 8192), 0},
		entry{"onnxruntime/capi/libonnxruntime_providers_shared.so", elf(62, 3, 4096), 0},
		entry{"onnxruntime/LICENSE", []byte("MIT"), 0},
		entry{"../../etc/libonnxruntime.so.9", []byte("escape"), 0},
	)
}

// installer gives an installer whose package client brings content, and its install with content's hash pinned, as
// a test makes its own wheels.
func (w *world) installer(content []byte, calls *int) (installer, func(ctx context.Context, name string, progress func(string)) (Found, error)) {
	i := installer{finder: w.finder, download: func(_ context.Context, _ Spec, tag, dir string) (string, error) {
		*calls++
		return "pip", os.WriteFile(filepath.Join(dir, wheelName), content, 0o644)
	}}
	spec, _ := Lookup("onnxruntime")
	sum := sha256.Sum256(content)
	spec.Sha256 = map[string]string{wheelName: hex.EncodeToString(sum[:])}
	return i, func(ctx context.Context, _ string, progress func(string)) (Found, error) {
		return i.installSpec(ctx, spec, progress)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestInstall(t *testing.T) {
	w := newWorld(t)
	calls := 0
	_, install := w.installer(goodWheel(t), &calls)
	var lines []string
	got, err := install(context.Background(), "onnxruntime", func(s string) { lines = append(lines, s) })
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(w.cache, "onnxruntime-1.31.1")
	want := Found{"onnxruntime", filepath.Join(dir, "libonnxruntime.so.1.31.1"), "1.31.1", OriginCache}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if files := names(t, dir); !slices.Equal(files, []string{"LICENSE", "libonnxruntime.so.1.31.1", "libonnxruntime_providers_shared.so", manifestName}) {
		t.Errorf("installed %v", files)
	}
	if left := names(t, w.cache); !slices.Equal(left, []string{"onnxruntime-1.31.1"}) {
		t.Errorf("the cache holds %v", left)
	}
	if len(lines) != 3 {
		t.Errorf("progress %q", lines)
	}
	if found, err := w.find("onnxruntime"); err != nil || found != want {
		t.Errorf("afterwards Find gives %+v, %v", found, err)
	}

	if got, err := install(context.Background(), "onnxruntime", nil); err != nil || got != want || calls != 1 {
		t.Errorf("second run: %+v, %v after %d downloads", got, err, calls)
	}

	// A damaged installation is seen by Find and replaced by Install.
	if err := os.Truncate(filepath.Join(dir, "libonnxruntime_providers_shared.so"), 10); err != nil {
		t.Fatal(err)
	}
	var bad *BadLibraryError
	if _, err := w.find("onnxruntime"); !errors.As(err, &bad) || bad.Fault != FaultDamaged {
		t.Errorf("damaged: %v", err)
	}
	if got, err := install(context.Background(), "onnxruntime", nil); err != nil || got != want || calls != 2 {
		t.Errorf("repair: %+v, %v after %d downloads", got, err, calls)
	}
	if left := names(t, w.cache); !slices.Equal(left, []string{"onnxruntime-1.31.1"}) {
		t.Errorf("after the repair the cache holds %v", left)
	}
}

func TestInstallAtOnce(t *testing.T) {
	w := newWorld(t)
	content := goodWheel(t)
	var all sync.WaitGroup
	for range 8 {
		calls := 0
		_, install := w.installer(content, &calls)
		all.Go(func() {
			if _, err := install(context.Background(), "onnxruntime", nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if left := names(t, w.cache); !slices.Equal(left, []string{"onnxruntime-1.31.1"}) {
		t.Errorf("the cache holds %v", left)
	}
}

func TestInstallRefuses(t *testing.T) {
	lib := entry{"onnxruntime/capi/libonnxruntime.so.1.31.1", elf(62, 3, 8192), 0}
	for _, c := range []struct {
		name    string
		content []byte
		says    string
	}{
		{"no library inside", wheel(t, entry{"onnxruntime/LICENSE", nil, 0}), "holds no library"},
		{"library for another machine", wheel(t, entry{lib.name, elf(183, 3, 8192), 0}), "built for arm64"},
		{"the same name twice", wheel(t, lib, lib), "twice"},
		{"a symbolic link for a library", wheel(t, entry{lib.name, []byte("/etc/passwd"), fs.ModeSymlink}), "holds no library"},
		{"no wheel at all", []byte("<html>blocked</html>"), "zip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			calls := 0
			_, install := w.installer(c.content, &calls)
			_, err := install(context.Background(), "onnxruntime", nil)
			var failed *InstallError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			if _, err := w.find("onnxruntime"); err == nil {
				t.Error("it is found all the same")
			}
		})
	}
}

func TestInstallChecksTheHash(t *testing.T) {
	w := newWorld(t)
	calls := 0
	i, _ := w.installer(goodWheel(t), &calls)
	_, err := i.install(context.Background(), "onnxruntime", nil) // with the real pin, which this wheel cannot meet
	if err == nil || !strings.Contains(err.Error(), "the pinned one is 5752bd508126") {
		t.Errorf("got %v", err)
	}
	if left := names(t, w.cache); len(left) != 0 {
		t.Errorf("the cache holds %v", left)
	}
	i.download = func(_ context.Context, _ Spec, _, dir string) (string, error) {
		return "pip", os.WriteFile(filepath.Join(dir, "onnxruntime-9-py3-none-any.whl"), nil, 0o644)
	}
	if _, err := i.install(context.Background(), "onnxruntime", nil); err == nil || !strings.Contains(err.Error(), "none of the pinned wheels") {
		t.Errorf("another wheel: %v", err)
	}
}

func TestInstallWithoutABuild(t *testing.T) {
	w := newWorld(t)
	w.goarch = "riscv64"
	i := installer{finder: w.finder}
	if _, err := i.install(context.Background(), "litert", nil); err == nil || !strings.Contains(err.Error(), "riscv64") {
		t.Errorf("got %v", err)
	}
}

func TestInstallStops(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	_, install := w.installer(goodWheel(t), &calls)
	_, err := install(ctx, "onnxruntime", func(s string) {
		if strings.HasPrefix(s, "unpacking") {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left := names(t, w.cache); len(left) != 0 {
		t.Errorf("the cache holds %v", left)
	}
}

// script makes an executable that stands for the Python on PATH.
func script(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

func TestPackageClientsErrors(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh to stand for Python")
	}
	spec, _ := Lookup("litert")
	for _, c := range []struct{ name, script, says string }{
		{"no pip", "echo '/usr/bin/python3: No module named pip' >&2; exit 1", "apt-get install python3-pip"},
		{"no such version", "echo one; echo 'ERROR: No matching distribution' >&2; exit 1", "No matching distribution"},
	} {
		t.Run(c.name, func(t *testing.T) {
			script(t, c.script)
			_, err := pipDownload(context.Background(), spec, "manylinux_2_27_x86_64", t.TempDir())
			var failed *InstallError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), c.says) || !strings.Contains(failed.Command, "ai-edge-litert==2.3.0") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := pipDownload(context.Background(), spec, "x", t.TempDir()); err == nil || !strings.Contains(err.Error(), "no python3 on PATH") {
		t.Errorf("without Python: %v", err)
	}
}

func TestAskPython(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh to stand for Python")
	}
	script(t, "echo /a/site-packages; echo /b/dist-packages")
	if got := askPython(); !slices.Equal(got, []string{"/a/site-packages", "/b/dist-packages"}) {
		t.Errorf("got %v", got)
	}
	script(t, "exit 3")
	if got := askPython(); got != nil {
		t.Errorf("a failing Python: %v", got)
	}
}
