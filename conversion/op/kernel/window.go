package kernel

// PaddingAlone reports whether padding leaves room for a window of the given size that
// lies on nothing else: pads are those before and those behind the axes, in ONNX's
// order. It is true of a size that is not given.
func PaddingAlone(pads, size []int64) bool {
	for i, p := range pads {
		if len(size) == 0 || p >= size[i%len(size)] {
			return true
		}
	}
	return false
}
