package coreml

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/ebitengine/purego/objc"

	"slipway/conversion/schema/mil"
	"slipway/conversion/tensor"
)

// The numbers of MLMultiArrayDataType.
var arrayTypes = map[tensor.DType]int{tensor.Float32: 65568, tensor.Float64: 65600, tensor.Int32: 131104, tensor.Float16: 65552}

// Pixel formats of CoreVideo: four bytes B, G, R, A; one byte.
const (
	formatBGRA = 0x42475241
	formatGray = 0x4c303038
)

// feature is an input as an MLFeatureValue; done releases it after the run.
func feature(f mil.Feature, t *tensor.Tensor) (v objc.ID, done func(), err error) {
	if f.Image != nil {
		b, err := picture(f.Image, t)
		if err != nil {
			return 0, nil, err
		}
		return send(class("MLFeatureValue"), "featureValueWithPixelBuffer:", objc.ID(b)), func() { bufferRelease(b) }, nil
	}
	if t, err = t.Cast(f.DType); err != nil {
		return 0, nil, err
	}
	a, err := toArray(t)
	if err != nil {
		return 0, nil, err
	}
	return send(class("MLFeatureValue"), "featureValueWithMultiArray:", a), func() { send(a, "release") }, nil
}

// numbers is an NSArray of integers.
func numbers(list []int) objc.ID {
	a := send(class("NSMutableArray"), "array")
	for _, n := range list {
		send(a, "addObject:", send(class("NSNumber"), "numberWithLongLong:", int64(n)))
	}
	return a
}

func integers(a objc.ID) []int {
	out := make([]int, objc.Send[uint64](a, objc.RegisterName("count")))
	for i := range out {
		out[i] = int(objc.Send[int64](send(a, "objectAtIndex:", uint64(i)), objc.RegisterName("longLongValue")))
	}
	return out
}

// toArray copies t to an MLMultiArray, which the caller releases.
func toArray(t *tensor.Tensor) (objc.ID, error) {
	d, ok := arrayTypes[t.DType()]
	if !ok {
		return 0, fmt.Errorf("arrays of %v are not possible", t.DType())
	}
	shape := t.Shape()
	if t.Len() == 0 {
		return 0, fmt.Errorf("an array without elements is not possible")
	}
	if len(shape) == 0 {
		shape = []int{1}
	}
	var why objc.ID
	a := send(send(class("MLMultiArray"), "alloc"), "initWithShape:dataType:error:", numbers(shape), d, unsafe.Pointer(&why))
	if a == 0 {
		return 0, failure(why, "run")
	}
	size := t.DType().ByteSize(1)
	to := unsafe.Slice((*byte)(objc.Send[unsafe.Pointer](a, objc.RegisterName("dataPointer"))), extent(shape, integers(send(a, "strides")), size))
	strided(shape, integers(send(a, "strides")), size, func(at, i int) { copy(to[at:at+size], t.Bytes()[i:i+size]) })
	return a, nil
}

// fromArray copies an MLMultiArray.
func fromArray(a objc.ID) (*tensor.Tensor, error) {
	if a == 0 {
		return nil, fmt.Errorf("it is no array")
	}
	d, code := tensor.Invalid, objc.Send[int](a, objc.RegisterName("dataType"))
	for k, n := range arrayTypes {
		if n == code {
			d = k
		}
	}
	if d == tensor.Invalid {
		return nil, fmt.Errorf("arrays of type %d are not read", code)
	}
	shape, strides := integers(send(a, "shape")), integers(send(a, "strides"))
	out, size := tensor.New(d, shape...), d.ByteSize(1)
	if out.Len() == 0 {
		return out, nil
	}
	from := unsafe.Slice((*byte)(objc.Send[unsafe.Pointer](a, objc.RegisterName("dataPointer"))), extent(shape, strides, size))
	strided(shape, strides, size, func(at, i int) { copy(out.Bytes()[i:i+size], from[at:at+size]) })
	return out, nil
}

// extent is how many bytes lie between the first element and the end of the last.
func extent(shape, strides []int, size int) int {
	last := 0
	for i, n := range shape {
		last += (n - 1) * strides[i]
	}
	return (last + 1) * size
}

// strided calls f with the byte offsets of each element, in strides and dense.
func strided(shape, strides []int, size int, f func(at, dense int)) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	index := make([]int, len(shape))
	at := 0
	for i := range n {
		f(at*size, i*size)
		for k := len(shape) - 1; k >= 0; k-- {
			index[k]++
			at += strides[k]
			if index[k] < shape[k] {
				break
			}
			at -= index[k] * strides[k]
			index[k] = 0
		}
	}
}

// picture copies pixels [1,C,H,W] of 0 to 255 to a CVPixelBuffer, rounded.
func picture(i *mil.Image, t *tensor.Tensor) (uintptr, error) {
	s := t.Shape()
	gray := i.Color == "GRAY"
	if len(s) != 4 || s[0] != 1 || gray && s[1] != 1 || !gray && s[1] != 3 {
		return 0, fmt.Errorf("%v is no picture of %s", s, i.Color)
	}
	h, w := s[2], s[3]
	format, width := uint32(formatBGRA), 4
	if gray {
		format, width = formatGray, 1
	}
	var b uintptr
	if code := bufferCreate(0, uint64(w), uint64(h), format, 0, &b); code != 0 || b == 0 {
		return 0, fmt.Errorf("a picture of %dx%d cannot be made (%d)", h, w, code)
	}
	if code := bufferLock(b, 0); code != 0 {
		bufferRelease(b)
		return 0, fmt.Errorf("a picture cannot be written (%d)", code)
	}
	defer bufferUnlock(b, 0)
	stride, v := int(bufferStride(b)), t.Float32s()
	to := unsafe.Slice((*byte)(bufferAddress(b)), stride*h)
	// The buffer holds B, G, R whatever the model wants: Core ML reorders it.
	place := [3]int{2, 1, 0} // of R, G, B in a pixel
	if i.Color == "BGR" {
		place = [3]int{0, 1, 2}
	}
	for y := range h {
		for x := range w {
			for c := range s[1] {
				p := float64(v[(c*h+y)*w+x])
				at := y*stride + x*width
				if !gray {
					at += place[c]
				}
				to[at] = byte(math.Round(min(max(p, 0), 255)))
			}
			if !gray {
				to[y*stride+x*width+3] = 255
			}
		}
	}
	return b, nil
}
