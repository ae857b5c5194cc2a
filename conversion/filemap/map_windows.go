package filemap

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

const nonBlock = 0

func mapFile(f *os.File, size int) ([]byte, error) {
	h, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(h)
	p, err := windows.MapViewOfFile(h, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return nil, err
	}
	// The address comes from the system, not from Go's heap: read it through a
	// pointer to it, which is what the unsafe rules allow.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), size), nil
}

func unmap(data []byte) error {
	return windows.UnmapViewOfFile(uintptr(unsafe.Pointer(unsafe.SliceData(data))))
}

func release([]byte) {}
