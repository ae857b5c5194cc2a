package openvino

import (
	"unsafe"

	"slipway/runtimes/internal/dl"
)

// The C structs of openvino/c/*.h that cross the boundary. Handles are opaque.
type (
	handle = unsafe.Pointer

	ovShape struct { // ov_shape_t
		rank int64
		dims unsafe.Pointer // *int64
	}
	ovDimension    struct{ min, max int64 } // ov_dimension_t, ov_rank_t
	ovPartialShape struct {                 // ov_partial_shape_t
		rank ovDimension
		dims unsafe.Pointer // *ovDimension
	}
	ovVersion struct{ buildNumber, _ unsafe.Pointer } // description
	ovDevices struct {
		names unsafe.Pointer // char**
		size  uintptr
	}
	ovProperty  struct{ key, value unsafe.Pointer }
	ovProfiling struct { // ov_profiling_info_t
		status            int32
		_                 int32
		realTime, cpuTime int64 // microseconds, mean over the request's runs
		name, exec, kind  unsafe.Pointer
	}
	ovProfilingList struct {
		infos unsafe.Pointer // *ovProfiling
		size  uintptr
	}
)

// Status codes of ov_status_e that the adapter tells apart.
const (
	statusOK           = 0
	statusCancelled    = -13
	statusInvalidParam = -14
)

// executed is the value of ov_profiling_info_t.status of a node that ran.
const executed = 2

type api struct {
	lastError  func() unsafe.Pointer
	free       func(unsafe.Pointer)
	version    func(*ovVersion) int32
	versionEnd func(*ovVersion)

	coreCreate  func(*handle) int32
	coreDevices func(handle, *ovDevices) int32
	devicesFree func(*ovDevices)
	coreGet     func(core handle, device, key string, value *unsafe.Pointer) int32
	readModel   func(core handle, path string, weights unsafe.Pointer, model *handle) int32
	modelFree   func(handle)
	modelInput  func(model handle, i uintptr, port *handle) int32
	modelOutput func(model handle, i uintptr, port *handle) int32
	compile     func(core, model handle, device string, n uintptr, props unsafe.Pointer, out *handle) int32

	compiledFree func(handle)
	inputCount   func(handle, *uintptr) int32
	outputCount  func(handle, *uintptr) int32
	inputPort    func(handle, uintptr, *handle) int32
	outputPort   func(handle, uintptr, *handle) int32
	portName     func(handle, *unsafe.Pointer) int32
	portType     func(handle, *uint32) int32
	portShape    func(handle, *ovPartialShape) int32
	portFree     func(handle)
	pshapeFree   func(*ovPartialShape)

	newRequest   func(handle, *handle) int32
	requestFree  func(handle)
	inputTensor  func(handle, uintptr, *handle) int32
	outputTensor func(handle, uintptr, *handle) int32
	infer        func(handle) int32
	start        func(handle) int32
	wait         func(handle) int32
	cancel       func(handle) int32
	profiling    func(handle, *ovProfilingList) int32
	profilingEnd func(*ovProfilingList)

	tensorShape    func(handle, *ovShape) int32
	tensorSetShape func(handle, ovShape) int32
	tensorType     func(handle, *uint32) int32
	tensorBytes    func(handle, *uintptr) int32
	tensorData     func(handle, *unsafe.Pointer) int32
	tensorFree     func(handle)
	shapeFree      func(*ovShape) int32
}

func load(path string) (*api, error) {
	lib, err := dl.Open(path)
	if err != nil {
		return nil, err
	}
	f := &api{}
	return f, lib.Bind(map[string]any{
		"ov_get_last_err_msg":                         &f.lastError,
		"ov_free":                                     &f.free,
		"ov_get_openvino_version":                     &f.version,
		"ov_version_free":                             &f.versionEnd,
		"ov_core_create":                              &f.coreCreate,
		"ov_core_get_available_devices":               &f.coreDevices,
		"ov_available_devices_free":                   &f.devicesFree,
		"ov_core_get_property":                        &f.coreGet,
		"ov_core_read_model":                          &f.readModel,
		"ov_model_free":                               &f.modelFree,
		"ov_model_const_input_by_index":               &f.modelInput,
		"ov_model_const_output_by_index":              &f.modelOutput,
		"ov_core_compile_model_props":                 &f.compile,
		"ov_compiled_model_free":                      &f.compiledFree,
		"ov_compiled_model_inputs_size":               &f.inputCount,
		"ov_compiled_model_outputs_size":              &f.outputCount,
		"ov_compiled_model_input_by_index":            &f.inputPort,
		"ov_compiled_model_output_by_index":           &f.outputPort,
		"ov_port_get_any_name":                        &f.portName,
		"ov_port_get_element_type":                    &f.portType,
		"ov_port_get_partial_shape":                   &f.portShape,
		"ov_output_const_port_free":                   &f.portFree,
		"ov_partial_shape_free":                       &f.pshapeFree,
		"ov_compiled_model_create_infer_request":      &f.newRequest,
		"ov_infer_request_free":                       &f.requestFree,
		"ov_infer_request_get_input_tensor_by_index":  &f.inputTensor,
		"ov_infer_request_get_output_tensor_by_index": &f.outputTensor,
		"ov_infer_request_infer":                      &f.infer,
		"ov_infer_request_start_async":                &f.start,
		"ov_infer_request_wait":                       &f.wait,
		"ov_infer_request_cancel":                     &f.cancel,
		"ov_infer_request_get_profiling_info":         &f.profiling,
		"ov_profiling_info_list_free":                 &f.profilingEnd,
		"ov_tensor_get_shape":                         &f.tensorShape,
		"ov_tensor_set_shape":                         &f.tensorSetShape,
		"ov_tensor_get_element_type":                  &f.tensorType,
		"ov_tensor_get_byte_size":                     &f.tensorBytes,
		"ov_tensor_data":                              &f.tensorData,
		"ov_tensor_free":                              &f.tensorFree,
		"ov_shape_free":                               &f.shapeFree,
	})
}
