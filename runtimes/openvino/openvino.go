package openvino

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"slipway/runtimes"
	"slipway/runtimes/internal/dl"
	"slipway/scratch"
)

// Name is the runtime's key in lists and on the command line.
const Name = "openvino"

// Runtime implements runtimes.Runtime over one loaded library. The library is
// loaded by the first call that needs it, never by New.
type Runtime struct {
	path string

	once    sync.Once
	err     error
	f       *api
	core    handle
	version string
	devices []string
}

// New makes the runtime for the C library (libopenvino_c) at path.
func New(path string) runtimes.Runtime { return &Runtime{path: path} }

// Info implements runtimes.Runtime; it loads the library.
func (r *Runtime) Info() runtimes.Info {
	i := runtimes.Info{Name: Name, Title: "OpenVINO", Library: r.path, Formats: []string{"openvino", "onnx", "tflite"}}
	if r.load() == nil {
		i.Version, i.Devices = r.version, slices.Clone(r.devices)
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

func (r *Runtime) load() error {
	r.once.Do(func() {
		if err := r.start(); err != nil {
			r.err = &runtimes.NotAvailableError{
				Runtime: Name, Reason: err.Error(),
				Cure: "studio runtimes install openvino",
			}
		}
	})
	return r.err
}

func (r *Runtime) start() (err error) {
	if r.path == "" {
		return fmt.Errorf("its library was not found")
	}
	if r.f, err = load(r.path); err != nil {
		return err
	}
	var v ovVersion
	if r.f.version(&v) == statusOK {
		r.version, _, _ = strings.Cut(dl.String(v.buildNumber), "-")
		r.f.versionEnd(&v)
	}
	if err := r.call("open", func() int32 { return r.f.coreCreate(&r.core) }); err != nil {
		return err
	}
	var d ovDevices
	if r.f.coreDevices(r.core, &d) == statusOK {
		for _, p := range unsafe.Slice((*unsafe.Pointer)(d.names), d.size) {
			r.devices = append(r.devices, dl.String(p))
		}
		r.f.devicesFree(&d)
	}
	if !slices.Contains(r.devices, "CPU") {
		return fmt.Errorf("no CPU plugin beside %s (devices: %v)", r.path, r.devices)
	}
	return nil
}

// call runs one C function and turns a bad status into a *RefusedError with the
// library's words, which it keeps per thread.
func (r *Runtime) call(stage string, f func() int32) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	status := f()
	if status == statusOK {
		return nil
	}
	text := strings.TrimSpace(dl.String(r.f.lastError()))
	if text == "" {
		text = fmt.Sprintf("status %d", status)
	}
	return &statusError{status: status, RefusedError: runtimes.RefusedError{Runtime: Name, Stage: stage, Text: text}}
}

// statusError carries the status beside the typed error that callers see.
type statusError struct {
	runtimes.RefusedError
	status int32
}

func (e *statusError) Unwrap() error { return &e.RefusedError }

// Open implements runtimes.Runtime. NoOptimize and DumpPath have no counterpart
// in OpenVINO's C API: NoOptimize is refused, DumpPath writes nothing.
func (r *Runtime) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if err := r.load(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.NoOptimize {
		return nil, runtimes.Refuse(Name, "open", "its optimisations cannot be switched off")
	}
	if _, err := os.Stat(m.Path); err != nil {
		return nil, runtimes.Refuse(Name, "open", "%v", err)
	}
	s := &session{rt: r, f: r.f, profile: o.Profile}
	model, taps, err := r.read(m, o.Taps)
	if err != nil {
		return nil, err
	}
	err = r.compile(s, model, o)
	if err == nil {
		err = s.describe(model, taps)
	}
	r.f.modelFree(model)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// read loads the model, with the tapped tensors as further outputs.
func (r *Runtime) read(m runtimes.Model, taps []string) (model handle, names []string, err error) {
	path, weights := m.Path, unsafe.Pointer(nil)
	if len(taps) > 0 {
		if !strings.EqualFold(filepath.Ext(m.Path), ".xml") {
			return nil, nil, runtimes.Refuse(Name, "open", "tensors can be tapped in .xml files only, not in %s", filepath.Base(m.Path))
		}
		dir, remove, err := scratch.Dir("tap")
		if err != nil {
			return nil, nil, err
		}
		defer remove()
		tapped, err := tappedFile(m.Path, taps, dir)
		if err != nil {
			return nil, nil, err
		}
		path = tapped
		weights = unsafe.Pointer(dl.CString(strings.TrimSuffix(m.Path, filepath.Ext(m.Path)) + ".bin"))
	}
	err = r.call("open", func() int32 { return r.f.readModel(r.core, path, weights, &model) })
	runtime.KeepAlive(weights)
	return model, taps, err
}

func (r *Runtime) compile(s *session, model handle, o runtimes.Options) error {
	device := o.Device
	if device == "" {
		device = "CPU"
	}
	props := map[string]string{"PERFORMANCE_HINT": "LATENCY"}
	if device == "CPU" {
		if o.Fast {
			precision, err := r.property(device, "INFERENCE_PRECISION_HINT")
			if err != nil {
				return err
			}
			props["INFERENCE_PRECISION_HINT"] = precision
		} else {
			// Compressed weights would otherwise quantize their activations on the fly.
			props["INFERENCE_PRECISION_HINT"] = "f32"
			props["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = "0"
		}
	} else if !o.Fast {
		props["INFERENCE_PRECISION_HINT"] = "f32"
	}
	if o.Threads > 0 {
		props["INFERENCE_NUM_THREADS"] = strconv.Itoa(o.Threads)
	}
	if o.Profile {
		props["PERF_COUNT"] = "YES"
	}
	for k, v := range o.Extra {
		props[k] = v
	}
	// The properties point at Go strings while C reads them.
	var pin runtime.Pinner
	defer pin.Unpin()
	list := make([]ovProperty, 0, len(props))
	for k, v := range props {
		key, value := dl.CString(k), dl.CString(v)
		pin.Pin(key)
		pin.Pin(value)
		list = append(list, ovProperty{unsafe.Pointer(key), unsafe.Pointer(value)})
	}
	return r.call("open", func() int32 {
		return r.f.compile(r.core, model, device, uintptr(len(list)), unsafe.Pointer(&list[0]), &s.compiled)
	})
}

func (r *Runtime) property(device, key string) (string, error) {
	var p unsafe.Pointer
	if err := r.call("open", func() int32 { return r.f.coreGet(r.core, device, key, &p) }); err != nil {
		return "", err
	}
	defer r.f.free(p)
	return dl.String(p), nil
}
