package dl

import (
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Free gives back memory that C allocated with malloc and handed over. Where
// the C library's own free cannot be found it stays allocated.
func Free(p unsafe.Pointer) {
	if f := free(); f != nil && p != nil {
		f(p)
	}
}

var free = sync.OnceValue(func() func(unsafe.Pointer) {
	addr, err := defaultSymbol("free")
	if err != nil || addr == 0 {
		return nil
	}
	var f func(unsafe.Pointer)
	purego.RegisterFunc(&f, addr)
	return f
})
