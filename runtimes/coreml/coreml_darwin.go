package coreml

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"

	"slipway/conversion/schema/mil"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// Functions of the autorelease pool and of CoreVideo.
var (
	poolPush      func() uintptr
	poolPop       func(uintptr)
	bufferCreate  func(alloc uintptr, width, height uint64, format uint32, attrs uintptr, out *uintptr) int32
	bufferLock    func(buffer uintptr, flags uint64) int32
	bufferUnlock  func(buffer uintptr, flags uint64) int32
	bufferAddress func(buffer uintptr) unsafe.Pointer
	bufferStride  func(buffer uintptr) uint64
	bufferRelease func(buffer uintptr)
)

// load opens the frameworks, once.
var load = sync.OnceValue(func() error {
	open := func(path string) (uintptr, error) { return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL) }
	if _, err := open("/System/Library/Frameworks/Foundation.framework/Foundation"); err != nil {
		return absent(err)
	}
	if _, err := open(framework); err != nil {
		return absent(err)
	}
	video, err := open("/System/Library/Frameworks/CoreVideo.framework/CoreVideo")
	if err != nil {
		return absent(err)
	}
	library, err := open("/usr/lib/libobjc.A.dylib")
	if err != nil {
		return absent(err)
	}
	purego.RegisterLibFunc(&poolPush, library, "objc_autoreleasePoolPush")
	purego.RegisterLibFunc(&poolPop, library, "objc_autoreleasePoolPop")
	purego.RegisterLibFunc(&bufferCreate, video, "CVPixelBufferCreate")
	purego.RegisterLibFunc(&bufferLock, video, "CVPixelBufferLockBaseAddress")
	purego.RegisterLibFunc(&bufferUnlock, video, "CVPixelBufferUnlockBaseAddress")
	purego.RegisterLibFunc(&bufferAddress, video, "CVPixelBufferGetBaseAddress")
	purego.RegisterLibFunc(&bufferStride, video, "CVPixelBufferGetBytesPerRow")
	purego.RegisterLibFunc(&bufferRelease, video, "CVPixelBufferRelease")
	if objc.GetClass("MLModel") == 0 {
		return absent(fmt.Errorf("the framework has no MLModel"))
	}
	return nil
})

func absent(err error) error {
	return &runtimes.NotAvailableError{Runtime: Name, Reason: err.Error(), Cure: "Core ML of ML Programs needs macOS 13 or later"}
}

// pool collects what messages return until the function that it gives is called,
// on the thread on which it was made.
func pool() (drain func()) {
	runtime.LockOSThread()
	p := poolPush()
	return func() {
		poolPop(p)
		runtime.UnlockOSThread()
	}
}

// version is that of the system, as a person knows it.
func version() string {
	if load() != nil {
		return ""
	}
	defer pool()()
	s := objc.ID(objc.GetClass("NSProcessInfo")).Send(objc.RegisterName("processInfo")).Send(objc.RegisterName("operatingSystemVersionString"))
	return "macOS " + strings.TrimPrefix(goText(s), "Version ")
}

func class(name string) objc.ID { return objc.ID(objc.GetClass(name)) }

func send(id objc.ID, message string, args ...any) objc.ID {
	return id.Send(objc.RegisterName(message), args...)
}

// text is an NSString in the current pool.
func text(s string) objc.ID { return send(class("NSString"), "stringWithUTF8String:", s) }

func goText(id objc.ID) string {
	if id == 0 {
		return ""
	}
	return objc.Send[string](id, objc.RegisterName("UTF8String"))
}

// failure is what an NSError says.
func failure(e objc.ID, stage string) error {
	why := "no reason was given"
	if e != 0 {
		why = goText(send(e, "localizedDescription"))
	}
	return &runtimes.RefusedError{Runtime: Name, Stage: stage, Text: why}
}

// session is one loaded model. Its inputs are those of the program, its outputs
// those of the interface.
type session struct {
	model    objc.ID
	compiled string // folder that Close removes
	face     *mil.Model
}

// open compiles and loads the package at path.
func open(path string, face *mil.Model, units int) (runtimes.Session, error) {
	defer pool()()
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	var why objc.ID
	url := send(class("NSURL"), "fileURLWithPath:", text(full))
	compiled := send(class("MLModel"), "compileModelAtURL:error:", url, unsafe.Pointer(&why))
	if compiled == 0 {
		return nil, failure(why, "open")
	}
	folder := goText(send(compiled, "path"))
	settings := send(class("MLModelConfiguration"), "new")
	defer send(settings, "release")
	send(settings, "setComputeUnits:", units)
	model := send(class("MLModel"), "modelWithContentsOfURL:configuration:error:", compiled, settings, unsafe.Pointer(&why))
	if model == 0 {
		_ = os.RemoveAll(folder) // a temporary folder of the system
		return nil, failure(why, "open")
	}
	return &session{send(model, "retain"), folder, face}, nil
}

// Close releases the model and removes what it was compiled to.
func (s *session) Close() error {
	if s.model == 0 {
		return nil
	}
	send(s.model, "release")
	s.model = 0
	return os.RemoveAll(s.compiled)
}

// Inputs are the program's, by the names of the source model.
func (s *session) Inputs() []runtimes.IO {
	var out []runtimes.IO
	for _, t := range s.face.Main.Inputs {
		io := runtimes.IO{Name: s.face.Source(t.Name), DType: t.Type.DType}
		for _, n := range t.Type.Dims {
			io.Shape = append(io.Shape, int(n))
		}
		out = append(out, io)
	}
	return out
}

// Outputs are the interface's, by the names of the source model.
func (s *session) Outputs() []runtimes.IO {
	types := map[string]mil.Type{}
	for _, o := range s.face.Main.Ops {
		for _, t := range o.Outputs {
			types[t.Name] = t.Type
		}
	}
	var out []runtimes.IO
	for _, f := range s.face.Outputs {
		io := runtimes.IO{Name: s.face.Source(f.Name), DType: f.DType, Shape: []int{}}
		switch f.Kind {
		case mil.Text:
			io.DType = tensor.String
		case mil.Scores:
			io.DType, io.Shape = tensor.Float32, []int{len(classNames(s.face))}
		default:
			for _, n := range types[f.Name].Dims {
				io.Shape = append(io.Shape, int(n))
			}
		}
		out = append(out, io)
	}
	return out
}

// classNames are the classes of a classifier, in the order of their scores.
func classNames(m *mil.Model) []string {
	for _, o := range m.Main.Ops {
		if c := o.Arg("classes"); o.Type == "classify" && len(c) == 1 && c[0].Value != nil {
			return c[0].Value.Tensor.Strings()
		}
	}
	return nil
}

// Run predicts once.
func (s *session) Run(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if s.model == 0 {
		return nil, runtimes.ErrStopped
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(in) != len(s.face.Inputs) {
		return nil, runtimes.Refuse(Name, "run", "%d inputs are given, the model takes %d", len(in), len(s.face.Inputs))
	}
	defer pool()()
	features := send(class("NSMutableDictionary"), "dictionary")
	for i, f := range s.face.Inputs {
		v, done, err := feature(f, in[i])
		if err != nil {
			return nil, runtimes.Refuse(Name, "run", "input %q: %v", f.Name, err)
		}
		defer done()
		send(features, "setObject:forKey:", v, text(f.Name))
	}
	var why objc.ID
	provider := send(send(class("MLDictionaryFeatureProvider"), "alloc"), "initWithDictionary:error:", features, unsafe.Pointer(&why))
	if provider == 0 {
		return nil, failure(why, "run")
	}
	defer send(provider, "release")
	got := send(s.model, "predictionFromFeatures:error:", provider, unsafe.Pointer(&why))
	if got == 0 {
		return nil, failure(why, "run")
	}
	var out []*tensor.Tensor
	for _, f := range s.face.Outputs {
		v := send(got, "featureValueForName:", text(f.Name))
		if v == 0 {
			return nil, runtimes.Refuse(Name, "run", "there is no output %q", f.Name)
		}
		t, err := s.result(f, v)
		if err != nil {
			return nil, runtimes.Refuse(Name, "run", "output %q: %v", f.Name, err)
		}
		out = append(out, t)
	}
	return out, nil
}

// result is one output as a tensor.
func (s *session) result(f mil.Feature, v objc.ID) (*tensor.Tensor, error) {
	switch f.Kind {
	case mil.Text:
		return tensor.FromStrings([]int{}, []string{goText(send(v, "stringValue"))})
	case mil.Scores:
		names, scores := classNames(s.face), send(v, "dictionaryValue")
		out := make([]float32, len(names))
		for i, n := range names {
			x := send(scores, "objectForKey:", text(n))
			if x == 0 {
				return nil, fmt.Errorf("class %q has no score", n)
			}
			out[i] = float32(objc.Send[float64](x, objc.RegisterName("doubleValue")))
		}
		return tensor.Of(out, len(out)), nil
	}
	return fromArray(send(v, "multiArrayValue"))
}
