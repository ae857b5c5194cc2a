package litert

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/ebitengine/purego"

	"slipway/conversion/tensor"
	"slipway/runtimes/internal/dl"
)

// handle is an opaque pointer of the C API.
type handle = unsafe.Pointer

const maxRank = 8 // LITERT_TENSOR_MAX_RANK

// layout is LiteRtLayout: bits holds the rank (7 bits) and has_strides.
type layout struct {
	bits uint32
	dims [maxRank]int32
	_    [maxRank]uint32 // strides
}

func (l layout) shape() []int {
	shape := make([]int, min(l.bits&0x7f, maxRank))
	for i := range shape {
		shape[i] = int(max(l.dims[i], -1))
	}
	return shape
}

// tensorType is LiteRtRankedTensorType.
type tensorType struct {
	element int32
	layout  layout
}

// The C side asserts 72 bytes; another size would be another interface.
var _ [72]byte = [unsafe.Sizeof(tensorType{})]byte{}

// elementTypes maps LiteRtElementType to tensor types.
var elementTypes = map[int32]tensor.DType{
	1: tensor.Float32, 2: tensor.Int32, 3: tensor.Uint8, 4: tensor.Int64, 6: tensor.Bool, 7: tensor.Int16,
	9: tensor.Int8, 10: tensor.Float16, 11: tensor.Float64, 13: tensor.Uint64, 16: tensor.Uint32,
	17: tensor.Uint16, 18: tensor.Int4, 19: tensor.BFloat16,
}

// statusText names the values of LiteRtStatus.
var statusText = map[int32]string{
	1: "invalid argument", 2: "out of memory", 3: "runtime failure", 4: "missing input tensor", 5: "unsupported",
	6: "not found", 7: "timeout", 8: "wrong version", 9: "unknown error", 10: "already exists", 100: "cancelled",
	500: "the file cannot be read", 501: "this is no valid TFLite file", 502: "dynamic loading failed",
	503: "serialization failed", 504: "compilation failed", 1000: "index out of range", 1001: "invalid IR type",
	1002: "invalid graph", 5000: "no shape inference for an operator", 5001: "shape inference failed",
}

// Modes of LiteRtLockTensorBuffer.
const (
	lockRead  = 0
	lockWrite = 1
)

const hostMemory = 1 // kLiteRtTensorBufferTypeHostMemory

const acceleratorCPU = 1 // kLiteRtHwAcceleratorCpu

type api struct {
	newEnvironment func(n int32, options unsafe.Pointer, env *handle) int32
	openModel      func(env handle, path string, model *handle) int32
	modelFree      func(handle)
	signatures     func(model handle, n *uintptr) int32
	signature      func(model handle, i uintptr, sig *handle) int32
	inputs         func(sig handle, n *uintptr) int32
	outputs        func(sig handle, n *uintptr) int32
	inputName      func(sig handle, i uintptr, name *unsafe.Pointer) int32
	outputName     func(sig handle, i uintptr, name *unsafe.Pointer) int32
	inputTensor    func(sig handle, i uintptr, t *handle) int32
	outputTensor   func(sig handle, i uintptr, t *handle) int32
	typeOf         func(t handle, out *tensorType) int32

	newOptions     func(*handle) int32
	optionsFree    func(handle)
	setAccelerator func(options handle, set int32) int32
	newOpaque      func(id *byte, payload unsafe.Pointer, free uintptr, out *handle) int32
	addOpaque      func(options, opaque handle) int32

	compile       func(env, model, options handle, out *handle) int32
	compiledFree  func(handle)
	inputNeeds    func(cm handle, sig, i uintptr, out *handle) int32
	outputNeeds   func(cm handle, sig, i uintptr, out *handle) int32
	outputLayouts func(cm handle, sig, n uintptr, out *layout, update bool) int32
	resize        func(cm handle, sig, i uintptr, dims *int32, n uintptr) int32
	run           func(cm handle, sig, nIn uintptr, in *handle, nOut uintptr, out *handle) int32
	onCancel      func(cm handle, data, check uintptr) int32
	errors        func(cm handle, text *unsafe.Pointer) int32
	clearErrors   func(cm handle) int32

	metadata   func(model handle, key string, data *unsafe.Pointer, size *uintptr) int32
	newSized   func(env handle, kind int32, t *tensorType, size uintptr, out *handle) int32
	newBuffer  func(env handle, t *tensorType, needs handle, out *handle) int32
	bufferFree func(handle)
	packedSize func(handle, *uintptr) int32
	lock       func(buf handle, host *unsafe.Pointer, mode int32) int32
	unlock     func(handle) int32

	profiler      func(cm handle, out *handle) int32
	startProfiler func(handle) int32
	summary       func(profiler, cm handle, text *unsafe.Pointer) int32
	mainSubgraph  func(model handle, i *uintptr) int32
	subgraph      func(model handle, i uintptr, out *handle) int32
	op            func(subgraph handle, i uintptr, out *handle) int32
	opOutput      func(op handle, i uintptr, out *handle) int32
	tensorName    func(t handle, name *unsafe.Pointer) int32
}

func load(path string) (*api, error) {
	lib, err := dl.Open(path)
	if err != nil {
		return nil, err
	}
	f := &api{}
	return f, lib.Bind(map[string]any{
		"LiteRtCreateEnvironment":                         &f.newEnvironment,
		"LiteRtCreateModelFromFile":                       &f.openModel,
		"LiteRtDestroyModel":                              &f.modelFree,
		"LiteRtGetNumModelSignatures":                     &f.signatures,
		"LiteRtGetModelSignature":                         &f.signature,
		"LiteRtGetNumSignatureInputs":                     &f.inputs,
		"LiteRtGetNumSignatureOutputs":                    &f.outputs,
		"LiteRtGetSignatureInputName":                     &f.inputName,
		"LiteRtGetSignatureOutputName":                    &f.outputName,
		"LiteRtGetSignatureInputTensorByIndex":            &f.inputTensor,
		"LiteRtGetSignatureOutputTensorByIndex":           &f.outputTensor,
		"LiteRtGetRankedTensorType":                       &f.typeOf,
		"LiteRtCreateOptions":                             &f.newOptions,
		"LiteRtDestroyOptions":                            &f.optionsFree,
		"LiteRtSetOptionsHardwareAccelerators":            &f.setAccelerator,
		"LiteRtCreateOpaqueOptions":                       &f.newOpaque,
		"LiteRtAddOpaqueOptions":                          &f.addOpaque,
		"LiteRtCreateCompiledModel":                       &f.compile,
		"LiteRtDestroyCompiledModel":                      &f.compiledFree,
		"LiteRtGetCompiledModelInputBufferRequirements":   &f.inputNeeds,
		"LiteRtGetCompiledModelOutputBufferRequirements":  &f.outputNeeds,
		"LiteRtGetCompiledModelOutputTensorLayouts":       &f.outputLayouts,
		"LiteRtCompiledModelResizeInputTensorNonStrict":   &f.resize,
		"LiteRtRunCompiledModel":                          &f.run,
		"LiteRtSetCompiledModelCancellationFunction":      &f.onCancel,
		"LiteRtCompiledModelGetErrorMessages":             &f.errors,
		"LiteRtCompiledModelClearErrors":                  &f.clearErrors,
		"LiteRtCreateManagedTensorBufferFromRequirements": &f.newBuffer,
		"LiteRtGetModelMetadata":                          &f.metadata,
		"LiteRtCreateManagedTensorBuffer":                 &f.newSized,
		"LiteRtDestroyTensorBuffer":                       &f.bufferFree,
		"LiteRtGetTensorBufferPackedSize":                 &f.packedSize,
		"LiteRtLockTensorBuffer":                          &f.lock,
		"LiteRtUnlockTensorBuffer":                        &f.unlock,
		"LiteRtCompiledModelGetProfiler":                  &f.profiler,
		"LiteRtStartProfiler":                             &f.startProfiler,
		"LiteRtGetProfileSummary":                         &f.summary,
		"LiteRtGetMainModelSubgraphIndex":                 &f.mainSubgraph,
		"LiteRtGetModelSubgraph":                          &f.subgraph,
		"LiteRtGetSubgraphOp":                             &f.op,
		"LiteRtGetOpOutput":                               &f.opOutput,
		"LiteRtGetTensorName":                             &f.tensorName,
	})
}

// C callbacks are a scarce thing that is never given back: there are two for
// the whole process, and the cancel check finds its session by number.
var callbacks = sync.OnceValues(func() (keep, cancelled uintptr) {
	return purego.NewCallback(func(uintptr) uintptr { return 0 }),
		purego.NewCallback(func(id uintptr) uintptr {
			if s, ok := running.Load(id); ok && s.(*session).cancelled.Load() {
				return 1
			}
			return 0
		})
})

var (
	running sync.Map // uintptr -> *session
	lastID  atomic.Uintptr
)

// options builds the compilation options; keep must stay alive until they are
// freed, because C reads the texts where they are.
func (f *api) options(texts map[string]string) (options handle, keep *runtime.Pinner, status int32) {
	if status = f.newOptions(&options); status != 0 {
		return nil, nil, status
	}
	keep = &runtime.Pinner{}
	status = f.setAccelerator(options, acceleratorCPU)
	noFree, _ := callbacks()
	for id, text := range texts {
		if status != 0 {
			break
		}
		name, payload := dl.CString(id), dl.CString(text)
		keep.Pin(name)
		keep.Pin(payload)
		var opaque handle
		if status = f.newOpaque(name, unsafe.Pointer(payload), noFree, &opaque); status == 0 {
			status = f.addOpaque(options, opaque)
		}
	}
	return options, keep, status
}
