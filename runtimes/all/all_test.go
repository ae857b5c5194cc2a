package all_test

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/runtimes"
	"slipway/runtimes/all"
	"slipway/runtimes/conform"
	"slipway/runtimes/library"
	"slipway/runtimes/reference"
	"slipway/runtimes/worker"
	"slipway/runtimes/worker/guest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(guest.Main(os.Args[2:], guest.Guest{Open: all.Direct}))
	}
	os.Exit(m.Run())
}

func TestRuntimes(t *testing.T) {
	list := all.Runtimes(func(name string) (library.Found, error) {
		if name == "openvino" {
			return library.Found{Name: name, Path: "/lib/ov.so", Version: "2026.4.1", Origin: "system"}, nil
		}
		spec, _ := library.Lookup(name)
		return library.Found{}, &library.NotFoundError{Spec: spec}
	})
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
		switch {
		case e.Title == "":
			t.Errorf("%s has no title", e.Name)
		case e.Found != slices.Contains([]string{"reference", "openvino", "mil"}, e.Name) && (e.Name != "coreml" || goruntime.GOOS != "darwin"):
			t.Errorf("%+v", e)
		case !e.Found && (e.Loses == "" || e.Cure == "" || e.Reason == ""):
			t.Errorf("%s does not say what is lost and how to get it: %+v", e.Name, e)
		}
	}
	if want := []string{"reference", "ort", "openvino", "litert", "ncnn", "coreml", "mil"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	packages := "mil"
	if goruntime.GOOS == "darwin" {
		packages = "coreml"
	}
	for target, want := range map[string]string{"onnx": "ort", "openvino": "openvino", "tflite": "litert", "coreml": packages, "tensorrt": "ort", "ncnn": "ncnn", "tensorflow": ""} {
		if got := all.ForTarget(target); got != want {
			t.Errorf("target %s: %q, want %q", target, got, want)
		}
	}
	if _, err := all.Direct("tensorflow", ""); err == nil || !strings.Contains(err.Error(), "openvino") {
		t.Errorf("an unknown runtime: %v", err)
	}
}

// The built-in runtime has to pass what the vendors' runtimes pass.
func TestReferenceConforms(t *testing.T) {
	m := conform.For(t, "onnx")
	m.Taps, m.Profile, m.NoOptimize = true, true, true
	conform.Both(t, reference.Name, "", func(path string) runtimes.Runtime {
		rt, err := all.Direct(reference.Name, path)
		if err != nil {
			t.Fatal(err)
		}
		return rt
	}, m)
}

func pool(t *testing.T, find all.Find) *worker.Pool {
	p := worker.NewPool(worker.Config{}, all.Locate(find))
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// Files that bear a library's name and are none, in a worker: an ordinary
// answer each time, and the worker lives on.
func TestBadLibraries(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Skip("needs an ELF file to damage")
	}
	header := slices.Clone(self[:4096])
	other := slices.Clone(header)
	binary.LittleEndian.PutUint16(other[18:], uint16(elf.EM_S390))
	files := map[string]string{
		"missing": filepath.Join(dir, "missing.so"),
		"folder":  dir,
		"empty":   write("empty.so", nil),
		"html":    write("html.so", []byte("<!DOCTYPE html><title>404</title>")),
		"cut":     write("cut.so", header),
		"foreign": write("foreign.so", other),
	}
	for _, name := range []string{"ort", "openvino", "litert"} {
		for kind, path := range files {
			t.Run(name+" "+kind, func(t *testing.T) {
				p := pool(t, func(string) (library.Found, error) { return library.Found{Path: path}, nil })
				rt := p.Get(name)
				var absent *runtimes.NotAvailableError
				if err := rt.Check(t.Context()); !errors.As(err, &absent) || absent.Cure == "" {
					t.Errorf("check: %v", err)
				}
				if _, err := rt.Open(t.Context(), runtimes.Model{Path: "net.onnx"}, runtimes.Options{}); !errors.As(err, &absent) {
					t.Errorf("open: %v", err)
				}
				if i := rt.Info(); i.Version != "" || i.Title == "" {
					t.Errorf("info: %+v", i)
				}
				w, err := p.Worker(name)
				if err != nil || !w.State().Alive {
					t.Errorf("the worker died: %v", err)
				}
			})
		}
	}
}

// A library of another vendor is not the one that was asked for.
func TestWrongVendor(t *testing.T) {
	lib := conform.Library(t, "litert")
	p := pool(t, func(string) (library.Found, error) { return library.Found{Path: lib}, nil })
	for _, name := range []string{"ort", "openvino"} {
		var absent *runtimes.NotAvailableError
		if err := p.Get(name).Check(t.Context()); !errors.As(err, &absent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPoolOnTheZoo(t *testing.T) {
	zoo := testkit.Zoo(t)
	p := pool(t, library.Find)
	for name, file := range map[string]string{
		"ort": "cifar/resnet20_cifar10.onnx", "openvino": "cifar/resnet20_cifar10.onnx", "reference": "cifar/resnet20_cifar10.onnx",
		"litert": "imagenet/mobilenet_v1_0.25_224_float.tflite",
	} {
		t.Run(name, func(t *testing.T) {
			rt := p.Get(name)
			var absent *runtimes.NotAvailableError
			if err := rt.Check(t.Context()); errors.As(err, &absent) {
				t.Skip(err)
			} else if err != nil {
				t.Fatal(err)
			}
			if i := rt.Info(); strings.Count(i.Version, ".") < 2 && name != "reference" {
				t.Errorf("version %q", i.Version)
			}
			s, err := rt.Open(t.Context(), runtimes.Model{Path: filepath.Join(zoo, file)}, runtimes.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			shape := slices.Clone(s.Inputs()[0].Shape)
			shape[0] = 1
			x := []*tensor.Tensor{tensor.New(tensor.Float32, shape...)}
			timed, err := s.(runtimes.Timer).Time(t.Context(), x, runtimes.Timing{MinRuns: 3, MaxRuns: 3})
			if err != nil || len(timed.Runs) != 3 || timed.LoadTime <= 0 || timed.First <= 0 || timed.PeakRSS <= 0 {
				t.Errorf("%+v, %v", timed, err)
			}
		})
	}
}
