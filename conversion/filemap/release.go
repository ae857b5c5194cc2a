package filemap

import (
	"os"
	"sync"
	"unsafe"
)

var page = uintptr(os.Getpagesize())

// maps are the live maps, so that Release touches nothing else.
var maps struct {
	sync.Mutex
	live [][]byte
}

func remember(data []byte) {
	maps.Lock()
	defer maps.Unlock()
	maps.live = append(maps.live, data)
}

func forget(data []byte) {
	maps.Lock()
	defer maps.Unlock()
	for i, m := range maps.live {
		if unsafe.SliceData(m) == unsafe.SliceData(data) {
			maps.live = append(maps.live[:i], maps.live[i+1:]...)
			return
		}
	}
}

// Release gives the memory of whole pages inside b back to the system where b
// lies in a mapped file; their next use reads them again. Bytes from elsewhere
// are left alone.
func Release(b []byte) {
	if uintptr(len(b)) < 4*page {
		return
	}
	maps.Lock()
	defer maps.Unlock()
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	for _, m := range maps.live {
		base := uintptr(unsafe.Pointer(unsafe.SliceData(m)))
		if at < base || at+uintptr(len(b)) > base+uintptr(len(m)) {
			continue
		}
		from := (at - base + page - 1) / page * page
		if to := (at - base + uintptr(len(b))) / page * page; from < to {
			release(m[from:to])
		}
		return
	}
}
