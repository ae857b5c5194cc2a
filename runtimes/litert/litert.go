package litert

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"slipway/runtimes"
	"slipway/runtimes/internal/dl"
)

// Name is the runtime's key in lists and on the command line.
const Name = "litert"

// Runtime implements runtimes.Runtime over one loaded library. The library is
// loaded by the first call that needs it, never by New.
type Runtime struct {
	path string

	once sync.Once
	err  error
	f    *api
	env  handle
}

// New makes the runtime for the library (libLiteRt) at path.
func New(path string) runtimes.Runtime { return &Runtime{path: path} }

// Info implements runtimes.Runtime; it loads the library. The library does not
// tell its version; whoever found it knows the package's.
func (r *Runtime) Info() runtimes.Info {
	i := runtimes.Info{Name: Name, Title: "LiteRT", Library: r.path, Formats: []string{"tflite"}}
	if r.load() == nil {
		i.Version, i.Devices = "2.3", []string{"CPU"}
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
		err := errors.New("its library was not found")
		if r.path != "" {
			r.f, err = load(r.path)
		}
		if err == nil {
			if status := r.f.newEnvironment(0, nil, &r.env); status != 0 {
				err = fmt.Errorf("its environment cannot be made: %s", describe(status))
			}
		}
		if err != nil {
			r.err = &runtimes.NotAvailableError{Runtime: Name, Reason: err.Error(), Cure: "studio runtimes install litert"}
		}
	})
	return r.err
}

func describe(status int32) string {
	if s := statusText[status]; s != "" {
		return s
	}
	return fmt.Sprintf("status %d", status)
}

// Open implements runtimes.Runtime. NoOptimize runs the built-in kernels in
// place of XNNPACK's. Taps are refused and DumpPath writes nothing: LiteRT can
// do neither.
func (r *Runtime) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if err := r.load(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(o.Taps) > 0 {
		return nil, runtimes.Refuse(Name, "open", "inner tensors cannot be tapped")
	}
	if o.Device != "" && o.Device != "CPU" {
		return nil, runtimes.Refuse(Name, "open", "there is no device %q", o.Device)
	}
	if st, err := os.Stat(m.Path); err != nil {
		return nil, runtimes.Refuse(Name, "open", "%v", err)
	} else if !st.Mode().IsRegular() {
		return nil, runtimes.Refuse(Name, "open", "%s is not a file", m.Path)
	}
	s := &session{rt: r, f: r.f, id: lastID.Add(1)}
	err := s.open(m.Path, o)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (s *session) open(path string, o runtimes.Options) error {
	if err := s.check("open", s.f.openModel(s.rt.env, path, &s.model)); err != nil {
		return err
	}
	if err := s.describe(); err != nil {
		return err
	}
	threads := o.Threads
	if threads <= 0 {
		threads = runtime.NumCPU()
	}
	kernels := "delegate"
	if o.NoOptimize {
		kernels = "builtin"
	}
	cpu := fmt.Sprintf("num_threads = %d\nkernel_mode = %q\n", threads, kernels)
	for k, v := range o.Extra {
		cpu += fmt.Sprintf("%s = %s\n", k, v)
	}
	const bufferErrors = 2 // kLiteRtErrorReporterModeBuffer
	options, keep, status := s.f.options(map[string]string{
		"xnnpack":                cpu,
		"runtime_options_string": fmt.Sprintf("enable_profiling = %t\nerror_reporter_mode = %d\n", o.Profile, bufferErrors),
	})
	if options != nil {
		defer keep.Unpin()
		defer s.f.optionsFree(options)
	}
	if err := s.check("open", status); err != nil {
		return err
	}
	if err := s.check("open", s.f.compile(s.rt.env, s.model, options, &s.compiled)); err != nil {
		return err
	}
	if o.Profile {
		if err := s.check("open", s.f.profiler(s.compiled, &s.profiler)); err != nil {
			return err
		}
		if err := s.check("open", s.f.startProfiler(s.profiler)); err != nil {
			return err
		}
	}
	return nil
}

// check turns a status into a *RefusedError with the library's words.
func (s *session) check(stage string, status int32) error {
	if status == 0 {
		return nil
	}
	text := describe(status)
	var p unsafe.Pointer
	if s.compiled != nil && s.f.errors(s.compiled, &p) == 0 && p != nil {
		if more := strings.TrimSpace(dl.String(p)); more != "" {
			text += ": " + more
		}
		dl.Free(p)
		s.f.clearErrors(s.compiled)
	}
	return runtimes.Refuse(Name, stage, "%s", text)
}
