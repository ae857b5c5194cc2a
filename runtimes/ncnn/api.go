package ncnn

import (
	"fmt"
	"unsafe"

	"slipway/runtimes/internal/dl"
)

// handle is an opaque pointer of the C interface.
type handle = unsafe.Pointer

type api struct {
	version func() unsafe.Pointer

	newNet    func() handle
	netFree   func(handle)
	option    func(net handle) handle
	loadParam func(net handle, path string) int32
	loadModel func(net handle, path string) int32

	setThreads func(option handle, n int32)
	setVulkan  func(option handle, enable int32)
	// shortcuts are the settings that trade exactness or memory for speed; none
	// where the library is too old to offer them.
	shortcuts map[string]func(option handle, enable int32)

	newExtractor  func(net handle) handle
	extractorFree func(handle)
	input         func(extractor handle, name string, mat handle) int32
	extract       func(extractor handle, name string, mat *handle) int32

	new1    func(w int32, allocator handle) handle
	new2    func(w, h int32, allocator handle) handle
	new3    func(w, h, c int32, allocator handle) handle
	new4    func(w, h, d, c int32, allocator handle) handle
	matFree func(handle)
	dims    func(handle) int32
	width   func(handle) int32
	height  func(handle) int32
	depth   func(handle) int32
	channel func(handle) int32
	size    func(handle) uintptr
	pack    func(handle) int32
	step    func(handle) uintptr
	data    func(handle) unsafe.Pointer
}

// Settings of ncnn_option_set_use_*: those that change how numbers are kept, and
// those that only choose a kernel.
var (
	precisionShortcuts = []string{"fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"}
	kernelShortcuts    = []string{"winograd_convolution", "sgemm_convolution", "packing_layout"}
)

func load(path string) (*api, error) {
	lib, err := dl.Open(path)
	if err != nil {
		return nil, err
	}
	f := &api{}
	if lib.Bind(map[string]any{"ncnn_version": &f.version}) != nil {
		return nil, fmt.Errorf("%s was built without ncnn's C interface", path)
	}
	err = lib.Bind(map[string]any{
		"ncnn_net_create":                    &f.newNet,
		"ncnn_net_destroy":                   &f.netFree,
		"ncnn_net_get_option":                &f.option,
		"ncnn_net_load_param":                &f.loadParam,
		"ncnn_net_load_model":                &f.loadModel,
		"ncnn_option_set_num_threads":        &f.setThreads,
		"ncnn_option_set_use_vulkan_compute": &f.setVulkan,
		"ncnn_extractor_create":              &f.newExtractor,
		"ncnn_extractor_destroy":             &f.extractorFree,
		"ncnn_extractor_input":               &f.input,
		"ncnn_extractor_extract":             &f.extract,
		"ncnn_mat_create_1d":                 &f.new1,
		"ncnn_mat_create_2d":                 &f.new2,
		"ncnn_mat_create_3d":                 &f.new3,
		"ncnn_mat_create_4d":                 &f.new4,
		"ncnn_mat_destroy":                   &f.matFree,
		"ncnn_mat_get_dims":                  &f.dims,
		"ncnn_mat_get_w":                     &f.width,
		"ncnn_mat_get_h":                     &f.height,
		"ncnn_mat_get_d":                     &f.depth,
		"ncnn_mat_get_c":                     &f.channel,
		"ncnn_mat_get_elemsize":              &f.size,
		"ncnn_mat_get_elempack":              &f.pack,
		"ncnn_mat_get_cstep":                 &f.step,
		"ncnn_mat_get_data":                  &f.data,
	})
	if err != nil {
		return nil, err
	}
	f.shortcuts = map[string]func(handle, int32){}
	for _, list := range [][]string{precisionShortcuts, kernelShortcuts} {
		for _, name := range list {
			var set func(handle, int32)
			if lib.Bind(map[string]any{"ncnn_option_set_use_" + name: &set}) == nil {
				f.shortcuts[name] = set
			}
		}
	}
	return f, nil
}

// mat makes an empty blob of 32-bit elements; nil where there is no memory.
func (f *api) mat(dims []int) handle {
	d := make([]int32, len(dims))
	for i, n := range dims {
		d[i] = int32(n)
	}
	switch len(d) {
	case 1:
		return f.new1(d[0], nil)
	case 2:
		return f.new2(d[1], d[0], nil)
	case 3:
		return f.new3(d[2], d[1], d[0], nil)
	default:
		return f.new4(d[3], d[2], d[1], d[0], nil)
	}
}

// shape are the sizes of a blob, outermost first; nil where it holds nothing.
func (f *api) shape(m handle) []int {
	w, h, d, c := int(f.width(m)), int(f.height(m)), int(f.depth(m)), int(f.channel(m))
	switch f.dims(m) {
	case 1:
		return []int{w}
	case 2:
		return []int{h, w}
	case 3:
		return []int{c, h, w}
	case 4:
		return []int{c, d, h, w}
	}
	return nil
}

// bytes calls each with the memory of every channel of a blob in turn; channels
// start at aligned addresses, so that there can be gaps between them.
func (f *api) bytes(m handle, shape []int, each func([]byte)) bool {
	p := f.data(m)
	if p == nil {
		return false
	}
	const width = 4
	channels, inner := 1, 1
	for i, d := range shape {
		if i == 0 && len(shape) > 2 {
			channels = d
		} else {
			inner *= d
		}
	}
	step := int(f.step(m)) * width
	for c := range channels {
		each(unsafe.Slice((*byte)(unsafe.Add(p, c*step)), inner*width))
	}
	return true
}
