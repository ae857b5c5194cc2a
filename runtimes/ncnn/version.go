package ncnn

import (
	"fmt"
	"strings"
)

// rowsInt8 is the first version that multiplies several rows in 8 bits. Those from
// before pass over the layer's parameter and take its integers for floats, which
// reach beyond them.
const rowsInt8 = "20241226"

// tooOld says why a library of this version must not be given the model, "" where
// it may. A version ends in the day of a release, or of a build of sources.
func (m *model) tooOld(version string) string {
	day := version[strings.LastIndexByte(version, '.')+1:]
	if len(day) < len(rowsInt8) || day[:len(rowsInt8)] >= rowsInt8 {
		return ""
	}
	for _, l := range m.layers {
		if l.kind == "Gemm" && l.int8() {
			return fmt.Sprintf("layer %q multiplies in 8 bits, which ncnn does from version %s on, not in %s", l.name, rowsInt8, version)
		}
	}
	return ""
}
