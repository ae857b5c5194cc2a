package library

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/diag"
)

// world is a made-up machine: Linux on amd64 with an empty home, cache and system.
type world struct {
	*finder
	env map[string]string
	dir string
}

func newWorld(t *testing.T) *world {
	dir := t.TempDir()
	w := &world{env: map[string]string{}, dir: dir}
	w.finder = &finder{
		getenv: func(v string) string { return w.env[v] }, home: filepath.Join(dir, "home"), cache: filepath.Join(dir, "cache"),
		goos: "linux", goarch: "amd64", python: func() []string { return nil },
		system: func() []string { return []string{filepath.Join(dir, "usr/lib")} },
	}
	return w
}

// put writes content to path below the world's folder and returns the whole path.
func (w *world) put(t *testing.T, path string, content []byte) string {
	t.Helper()
	path = filepath.Join(w.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindOrder(t *testing.T) {
	const lib = "libonnxruntime.so.1.31.1"
	good := elf(62, 3, 4096)
	w := newWorld(t)
	steps := []struct {
		what, path, origin string
		set                func(path string)
	}{
		{"system", "usr/lib/" + lib, OriginSystem, nil},
		{"python on PATH", "py/site-packages/onnxruntime/capi/" + lib, OriginSitePackages, func(p string) {
			w.python = func() []string { return []string{filepath.Join(w.dir, "py/site-packages")} }
		}},
		{"user's site", "home/.local/lib/python3.12/site-packages/onnxruntime/capi/" + lib, OriginSitePackages, nil},
		{"virtual environment", "venv/lib/python3.11/site-packages/onnxruntime/capi/" + lib, OriginSitePackages, func(string) {
			w.env["VIRTUAL_ENV"] = filepath.Join(w.dir, "venv")
		}},
		{"studio's environment", "svenv/lib/python3.11/site-packages/onnxruntime/capi/" + lib, OriginSitePackages, func(string) {
			w.env["STUDIO_VENV"] = filepath.Join(w.dir, "svenv")
		}},
		{"another version in the cache", "cache/onnxruntime-1.30.0/" + lib, OriginCache, nil},
		{"cache", "cache/onnxruntime-1.31.1/" + lib, OriginCache, nil},
		{"variable, a folder", "mine/" + lib, OriginEnvironment, func(p string) { w.env["SLIPWAY_ONNXRUNTIME"] = filepath.Dir(p) }},
		{"variable, a file", "own.so", OriginEnvironment, func(p string) { w.env["SLIPWAY_ONNXRUNTIME"] = p }},
	}
	for _, s := range steps { // each adds a nearer place than all before it
		path := w.put(t, s.path, good)
		if s.set != nil {
			s.set(path)
		}
		got, err := w.find("onnxruntime")
		if err != nil {
			t.Fatalf("%s: %v", s.what, err)
		}
		if got.Path != path || got.Origin != s.origin {
			t.Errorf("%s: found %s (%s), want %s (%s)", s.what, got.Path, got.Origin, path, s.origin)
		}
	}
}

func TestVersions(t *testing.T) {
	good := elf(62, 3, 4096)
	for _, c := range []struct {
		name, lib, path, dist, want string
		fault                       Fault
	}{
		{"dist-info", "openvino", "venv/lib/python3.11/site-packages/openvino/libs/libopenvino_c.so.2530", "openvino-2025.3.1.dist-info", "2025.3.1", ""},
		{"packed file name", "openvino", "usr/lib/libopenvino_c.so.2641", "", "2026.4.1", ""},
		{"dotted file name", "onnxruntime", "usr/lib/libonnxruntime.so.1.24.4", "", "1.24.4", ""},
		{"too old", "onnxruntime", "usr/lib/libonnxruntime.so.1.9.0", "", "", FaultVersion},
		{"no version in the name", "onnxruntime", "usr/lib/libonnxruntime.so", "", "", ""},
		{"other series", "litert", "venv/lib/python3.11/site-packages/ai_edge_litert/libLiteRt.so", "ai_edge_litert-2.0.3.dist-info", "", FaultVersion},
		{"right series", "litert", "venv/lib/python3.11/site-packages/ai_edge_litert/libLiteRt.so", "ai_edge_litert-2.3.4.dist-info", "2.3.4", ""},
		{"series is no prefix", "litert", "venv/lib/python3.11/site-packages/ai_edge_litert/libLiteRt.so", "ai_edge_litert-2.31.0.dist-info", "", FaultVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.env["VIRTUAL_ENV"] = filepath.Join(w.dir, "venv")
			w.put(t, c.path, good)
			if c.dist != "" {
				w.put(t, "venv/lib/python3.11/site-packages/"+c.dist+"/METADATA", nil)
			}
			got, err := w.find(c.lib)
			if c.fault != "" {
				var bad *BadLibraryError
				if !errors.As(err, &bad) || bad.Fault != c.fault {
					t.Fatalf("got %v, want fault %s", err, c.fault)
				}
				return
			}
			if err != nil || got.Version != c.want {
				t.Errorf("version %q (%v), want %q", got.Version, err, c.want)
			}
		})
	}
}

func TestSymlinkTellsVersion(t *testing.T) {
	w := newWorld(t)
	real := w.put(t, "usr/lib/libonnxruntime.so.1.31.1", elf(62, 3, 4096))
	link := filepath.Join(filepath.Dir(real), "libonnxruntime.so")
	if err := os.Symlink(filepath.Base(real), link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	got, err := w.find("onnxruntime")
	if err != nil || got.Path != link || got.Version != "1.31.1" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBadCandidatesArePassedOverAndReported(t *testing.T) {
	w := newWorld(t)
	w.env["VIRTUAL_ENV"] = filepath.Join(w.dir, "venv")
	page := w.put(t, "venv/lib/python3.11/site-packages/ai_edge_litert/libLiteRt.so", []byte("<!DOCTYPE html><html></html>"))

	_, err := w.find("litert")
	var missing *NotFoundError
	if !errors.As(err, &missing) || len(missing.Bad) != 1 || missing.Bad[0].Path != page || missing.Bad[0].Fault != FaultNotLibrary {
		t.Fatalf("got %v", err)
	}
	findings := diag.FromError("other", err)
	if len(findings) != 1 || findings[0].Code != "library.unusable" || !strings.Contains(findings[0].Text, "an HTML page") ||
		!strings.Contains(findings[0].Suggestion, "studio runtimes install litert") {
		t.Errorf("findings %v", findings)
	}
	if !slices.Contains(missing.Tried, Place{OriginSystem, filepath.Join(w.dir, "usr/lib")}) {
		t.Errorf("tried %v: no system folder", missing.Tried)
	}

	good := w.put(t, "usr/lib/libLiteRt.so", elf(62, 3, 4096))
	if got, err := w.find("litert"); err != nil || got.Path != good {
		t.Errorf("with a good one behind the bad one: %+v, %v", got, err)
	}
}

func TestVariableDecidesAlone(t *testing.T) {
	w := newWorld(t)
	w.put(t, "usr/lib/libLiteRt.so", elf(62, 3, 4096))
	empty := filepath.Join(w.dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{filepath.Join(w.dir, "nowhere"), empty, w.put(t, "not.so", nil)} {
		w.env["SLIPWAY_LITERT"] = v
		_, err := w.find("litert")
		var missing *NotFoundError
		if !errors.As(err, &missing) {
			t.Errorf("%s: got %v", v, err)
			continue
		}
		if !strings.Contains(missing.Suggestion(), "SLIPWAY_LITERT is set") {
			t.Errorf("%s: suggestion %q", v, missing.Suggestion())
		}
	}
}

func TestMissingAndUnknown(t *testing.T) {
	w := newWorld(t)
	_, err := w.find("openvino")
	if findings := diag.FromError("other", err); len(findings) != 1 || findings[0].Code != "library.missing" {
		t.Errorf("findings %v", findings)
	}
	_, err = w.find("tensorflow")
	var unknown *UnknownError
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "onnxruntime, openvino, litert") {
		t.Errorf("got %v", err)
	}
}

func TestSpecsAreWhole(t *testing.T) {
	for _, s := range Specs() {
		packaged := s.Package != "" && len(s.dists) > 0 && len(s.inside) > 0
		if s.Name == "" || s.Title == "" || s.Loses == "" || s.EnvVar == "" || len(s.Globs) == 0 || packaged == (s.Elsewhere != "") {
			t.Errorf("%+v: a field is empty", s)
		}
		if err := s.accepts(s.Version); err != nil {
			t.Errorf("%s: the pinned version is not accepted: %v", s.Name, err)
		}
		for platform, tag := range s.tags {
			var wheels []string
			for name, sum := range s.Sha256 {
				if strings.HasSuffix(name, "-cp"+python+"-cp"+python+"-"+tag+".whl") && len(sum) == 64 {
					wheels = append(wheels, name)
				}
			}
			if len(wheels) != 1 {
				t.Errorf("%s on %s: pinned wheels %v, want one", s.Name, platform, wheels)
			}
		}
		if len(s.tags) != len(s.Sha256) {
			t.Errorf("%s: %d platforms and %d wheels", s.Name, len(s.tags), len(s.Sha256))
		}
	}
}

func TestLoaderFolders(t *testing.T) {
	w := newWorld(t)
	conf := w.put(t, "etc/ld.so.conf", []byte("# comment\ninclude ld.so.conf.d/*.conf\n/opt/a  # tail\nrelative\ninclude "+filepath.Join(w.dir, "etc/ld.so.conf")+"\n"))
	w.put(t, "etc/ld.so.conf.d/x.conf", []byte("/opt/b\n"))
	got := loaderFolders(conf, 0)
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, []string{"/opt/a", "/opt/b"}) {
		t.Errorf("got %v", got)
	}
	if dirs := systemFolders(); runtime.GOOS == "linux" && !slices.Contains(dirs, "/usr/lib") {
		t.Errorf("system folders %v", dirs)
	}
}
