package ncnn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"slipway/runtimes"
	"slipway/runtimes/internal/dl"
)

// Name is the runtime's key in lists and on the command line.
const Name = "ncnn"

// Runtime implements runtimes.Runtime over one loaded library. The library is
// loaded by the first call that needs it, never by New.
type Runtime struct {
	path string

	once sync.Once
	err  error
	f    *api
}

// New makes the runtime for the library (libncnn) at path.
func New(path string) runtimes.Runtime { return &Runtime{path: path} }

// Info implements runtimes.Runtime; it loads the library.
func (r *Runtime) Info() runtimes.Info {
	i := runtimes.Info{Name: Name, Title: "ncnn", Library: r.path, Formats: []string{"ncnn"}}
	if r.load() == nil {
		i.Version, i.Devices = dl.String(r.f.version()), []string{"CPU"}
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

// Cure says how to get a library that this package can use.
const Cure = "take a shared libncnn from the package of your system or from an archive of the ncnn project whose name ends in -shared, " +
	"or build one (cmake -DNCNN_SHARED_LIB=ON); its C interface must be in it, which the Python package ncnn lacks"

func (r *Runtime) load() error {
	r.once.Do(func() {
		err := errors.New("its library was not found")
		if r.path != "" {
			r.f, err = load(r.path)
		}
		if err != nil {
			r.err = &runtimes.NotAvailableError{Runtime: Name, Reason: err.Error(), Cure: Cure}
		}
	})
	return r.err
}

// Open implements runtimes.Runtime; m.Path is the .param file, whose weights lie
// beside it with the ending .bin. Without Fast all numbers are 32-bit floats, but
// for those that the model itself quantizes. NoOptimize switches off Winograd's
// convolution, convolution as a product of matrices and packed channels. Taps are
// names of blobs. DumpPath writes nothing: ncnn has no other form of a model.
func (r *Runtime) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if err := r.load(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.Device != "" && o.Device != "CPU" {
		return nil, runtimes.Refuse(Name, "open", "there is no device %q", o.Device)
	}
	for name := range o.Extra {
		return nil, runtimes.Refuse(Name, "open", "there is no setting %q", name)
	}
	weights := strings.TrimSuffix(m.Path, ".param") + ".bin"
	for _, p := range []string{m.Path, weights} {
		if st, err := os.Stat(p); err != nil {
			return nil, runtimes.Refuse(Name, "open", "%v", err)
		} else if !st.Mode().IsRegular() {
			return nil, runtimes.Refuse(Name, "open", "%s is not a file", p)
		}
	}
	file, err := os.Open(m.Path)
	if err != nil {
		return nil, runtimes.Refuse(Name, "open", "%v", err)
	}
	defer file.Close()
	s := &session{f: r.f, profile: o.Profile}
	if s.model, err = readParam(file); err != nil {
		return nil, runtimes.Refuse(Name, "open", "%v", err)
	}
	if why := s.model.tooOld(dl.String(r.f.version())); why != "" {
		return nil, runtimes.Refuse(Name, "open", "%s", why)
	}
	if err := s.describe(o.Taps); err != nil {
		return nil, err
	}
	s.net = r.f.newNet()
	err = s.set(o)
	// What the library finds wrong it prints; its answer is a number.
	if status := int32(0); err == nil {
		if status = r.f.loadParam(s.net, m.Path); status != 0 {
			err = runtimes.Refuse(Name, "open", "ncnn %s does not take the layers (status %d): a layer or a parameter that it does not know", dl.String(r.f.version()), status)
		} else if status = r.f.loadModel(s.net, weights); status != 0 {
			err = runtimes.Refuse(Name, "open", "ncnn does not take the weights (status %d): %s may be cut off or belong to another model", status, weights)
		}
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

// set makes the options of the net.
func (s *session) set(o runtimes.Options) error {
	option := s.f.option(s.net)
	threads := o.Threads
	if threads <= 0 {
		threads = runtime.NumCPU()
	}
	s.f.setThreads(option, int32(threads))
	s.f.setVulkan(option, 0)
	var off []string
	if !o.Fast {
		off = append(off, precisionShortcuts...)
	}
	if o.NoOptimize {
		off = append(off, kernelShortcuts...)
	}
	for _, name := range off {
		set := s.f.shortcuts[name]
		if set == nil {
			// Half precision is no kernel's default on this architecture.
			if runtime.GOARCH == "amd64" && slices.Contains(precisionShortcuts, name) {
				continue
			}
			return runtimes.Refuse(Name, "open", "%s", fmt.Sprintf("version %s cannot switch off %s; versions of 2026 can", dl.String(s.f.version()), name))
		}
		set(option, 0)
	}
	return nil
}
