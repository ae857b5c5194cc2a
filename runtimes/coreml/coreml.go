package coreml

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"

	"slipway/runtimes"
	"slipway/runtimes/internal/mlpackage"
)

// Name is the runtime's name, Title what people read, Loses what does not work
// without it.
const (
	Name  = "coreml"
	Title = "Core ML"
	Loses = "Core ML packages are checked by their numbers alone: Apple's compiler, speed and devices stay untested"
)

// framework is where macOS keeps Core ML.
const framework = "/System/Library/Frameworks/CoreML.framework/CoreML"

// Find is the path of Apple's library, or why there is none.
func Find() (string, error) {
	if runtime.GOOS != "darwin" {
		return "", &runtimes.NotAvailableError{
			Runtime: Name, Reason: "Core ML is part of macOS, and this is " + runtime.GOOS,
			Cure: "open the project on a Mac with macOS 13 or later; there is nothing to install",
		}
	}
	return framework, nil
}

// Runtime implements runtimes.Runtime over Apple's framework.
type Runtime struct{}

var _ runtimes.Runtime = Runtime{}

// New makes the runtime; the framework is loaded by the first call that needs it.
func New(string) runtimes.Runtime { return Runtime{} }

// Info describes the runtime; its version is that of the system.
func (Runtime) Info() runtimes.Info {
	i := runtimes.Info{Name: Name, Title: Title, Formats: []string{"coreml"}}
	if path, err := Find(); err == nil {
		i.Library, i.Version, i.Devices = path, version(), []string{"CPU", "GPU", "ANE"}
	}
	return i
}

// Check loads the framework.
func (Runtime) Check(context.Context) error {
	if _, err := Find(); err != nil {
		return err
	}
	return load()
}

// Open compiles the package and loads it. Options.Device is CPU (also where
// empty, so that the arithmetic is that of the program), GPU, ANE or ALL; with
// Fast it is ALL unless told. Taps are not possible: a compiled model gives its
// outputs alone.
func (r Runtime) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if err := r.Check(ctx); err != nil {
		return nil, err
	}
	if m.Format != "coreml" && !strings.EqualFold(filepath.Ext(m.Path), ".mlpackage") {
		return nil, runtimes.Refuse(Name, "open", "%s is no Core ML package", filepath.Base(m.Path))
	}
	if len(o.Taps) > 0 {
		return nil, runtimes.Refuse(Name, "open", "a compiled model gives its outputs alone, not %s", strings.Join(o.Taps, ", "))
	}
	device := o.Device
	if device == "" && o.Fast {
		device = "ALL"
	}
	units, ok := map[string]int{"": 0, "CPU": 0, "GPU": 1, "ALL": 2, "ANE": 3}[strings.ToUpper(device)]
	if !ok {
		return nil, runtimes.Refuse(Name, "open", "device %q is not CPU, GPU, ANE or ALL", o.Device)
	}
	face, err := mlpackage.Read(m.Path)
	if err != nil {
		return nil, runtimes.Refuse(Name, "open", "%v", err)
	}
	s, err := open(m.Path, face, units)
	if err != nil {
		return nil, err
	}
	f, err := mlpackage.NewFace(face, Name, s)
	if err != nil {
		_ = s.Close() // the error that counts is the first
		return nil, runtimes.Refuse(Name, "open", "%v", err)
	}
	return f, nil
}
