//go:build cgo

package ort

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	ortgo "github.com/yalue/onnxruntime_go"

	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/scratch"
)

// Runtime implements runtimes.Runtime. The library is loaded by the first call
// that needs it, never by New.
type Runtime struct{ path string }

// New makes the runtime for the library (libonnxruntime) at path.
func New(path string) runtimes.Runtime { return &Runtime{path: path} }

// environment is the process's one ONNX Runtime.
var environment struct {
	sync.Mutex
	path string
}

func (r *Runtime) load() error {
	environment.Lock()
	defer environment.Unlock()
	absent := func(format string, args ...any) error {
		return &runtimes.NotAvailableError{
			Runtime: Name, Reason: fmt.Sprintf(format, args...),
			Cure: "studio runtimes install onnxruntime",
		}
	}
	switch {
	case r.path == "":
		return absent("its library was not found")
	case environment.path == r.path:
		return nil
	case environment.path != "":
		return absent("this process has loaded %s already", environment.path)
	}
	if err := optedOut(); err != nil {
		return absent("its telemetry cannot be switched off: %v", err)
	}
	ortgo.SetSharedLibraryPath(r.path)
	err := ortgo.InitializeEnvironment(ortgo.WithLogLevelError())
	if err != nil {
		if strings.Contains(err.Error(), "API base") {
			return absent("%s is too old: version 1.24 or newer is needed", r.path)
		}
		return absent("%v", err)
	}
	if err := traceOff(); err != nil {
		return absent("its telemetry cannot be switched off: %v", err)
	}
	environment.path = r.path
	return nil
}

// Info implements runtimes.Runtime; it loads the library.
func (r *Runtime) Info() runtimes.Info {
	i := runtimes.Info{Name: Name, Title: title, Library: r.path, Formats: []string{"onnx"}}
	if r.load() == nil {
		i.Version, i.Devices = ortgo.GetVersion(), []string{"CPU"}
	}
	return i
}

// Check implements runtimes.Runtime.
func (r *Runtime) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.load()
}

// Open implements runtimes.Runtime. Entries of Options.Extra become session
// configuration entries; with the device "TensorRT", those whose names begin with
// trt_ are the provider's. Options.Fast changes nothing: on the CPU the library
// computes in the model's own types.
func (r *Runtime) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if err := r.load(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &session{model: m.Path, options: o}
	if o.Profile {
		dir, remove, err := scratch.Dir("profile")
		if err != nil {
			return nil, fmt.Errorf("ort: profile: %w", err)
		}
		s.profileDir, s.removeProfile = dir, remove
	}
	err := s.prepare()
	if err == nil {
		err = s.open()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// refuse gives the library's own words, without the binding's prefixes.
func refuse(stage string, err error) error {
	text := err.Error()
	for _, prefix := range []string{
		"Error creating C session from file: ", "Error loading temporary session: ",
		"Error running network: ", "Error creating C session: ",
	} {
		text = strings.TrimPrefix(text, prefix)
	}
	return runtimes.Refuse(Name, stage, "%s", text)
}

// externalFolder is the entry that tells where a model's weights lie, which a
// patched copy is not beside (onnxruntime_session_options_config_keys.h).
const externalFolder = "session.model_external_initializers_file_folder_path"

// sessionOptions turns o into the library's options; the caller destroys them.
// A plain one is for looking at a model only.
func (s *session) sessionOptions(plain bool) (*ortgo.SessionOptions, error) {
	so, err := ortgo.NewSessionOptions()
	if err != nil {
		return nil, refuse("open", err)
	}
	o := s.options
	steps := []func() error{func() error { return so.SetLogSeverityLevel(ortgo.LoggingLevelError) }}
	if plain || o.NoOptimize {
		steps = append(steps, func() error { return so.SetGraphOptimizationLevel(ortgo.GraphOptimizationLevelDisableAll) })
	}
	if s.external {
		steps = append(steps, func() error { return so.AddSessionConfigEntry(externalFolder, filepath.Dir(s.model)) })
	}
	if !plain {
		if o.Threads > 0 {
			steps = append(steps, func() error { return so.SetIntraOpNumThreads(o.Threads) })
		}
		if o.DumpPath != "" {
			steps = append(steps, func() error { return so.SetOptimizedModelFilePath(o.DumpPath) })
		}
		if s.profileDir != "" {
			steps = append(steps, func() error { return so.EnableProfiling(filepath.Join(s.profileDir, "profile")) })
		}
		for _, k := range slices.Sorted(keys(o.Extra)) {
			if o.Device == "TensorRT" && strings.HasPrefix(k, providerSettings) {
				continue
			}
			steps = append(steps, func() error { return so.AddSessionConfigEntry(k, o.Extra[k]) })
		}
		steps = append(steps, func() error { return appendProvider(so, o) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			_ = so.Destroy()
			var absent *runtimes.NotAvailableError
			if errors.As(err, &absent) {
				return nil, err
			}
			return nil, refuse("open", err)
		}
	}
	return so, nil
}

func appendProvider(so *ortgo.SessionOptions, o runtimes.Options) error {
	switch o.Device {
	case "", "CPU":
		return nil
	case "TensorRT":
		return appendTensorRT(so, o.Extra)
	case "CUDA":
		cuda, err := ortgo.NewCUDAProviderOptions()
		if err != nil {
			return err
		}
		defer func() { _ = cuda.Destroy() }()
		return so.AppendExecutionProviderCUDA(cuda)
	}
	return so.AppendExecutionProvider(o.Device, nil)
}

func keys(m map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// inspect asks the library for a model's inputs and outputs, by opening it.
func (s *session) inspect(path string) (inputs, outputs []value, err error) {
	so, err := s.sessionOptions(true)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = so.Destroy() }()
	in, out, err := ortgo.GetInputOutputInfoWithOptions(path, so)
	if err != nil {
		return nil, nil, refuse("open", err)
	}
	convert := func(list []ortgo.InputOutputInfo) []value {
		values := make([]value, len(list))
		for i, info := range list {
			// The library tells an unknown rank as no dimensions.
			v := value{name: info.Name, elem: int32(info.DataType), ranked: len(info.Dimensions) > 0}
			for _, d := range info.Dimensions {
				v.dims = append(v.dims, dim{size: max(d, -1)})
			}
			values[i] = v
		}
		return values
	}
	return convert(in), convert(out), nil
}

func supported(kind string, v value) error {
	if d, ok := elementTypes[v.elem]; !ok || d == tensor.Invalid {
		return runtimes.Refuse(Name, "open", "%s %q is not a tensor of a type that can be passed (element type %d)", kind, v.name, v.elem)
	}
	return nil
}
