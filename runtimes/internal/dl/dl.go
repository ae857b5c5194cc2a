package dl

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Library is an opened shared library. It is never closed: vendor libraries
// start threads that outlive every session.
type Library struct {
	path   string
	handle uintptr
}

// Open loads the library at path and everything it links to.
func Open(path string) (*Library, error) {
	h, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("dl: %w", err)
	}
	return &Library{path: path, handle: h}, nil
}

// Bind points each function variable (a *func(...)) at the C function of that
// name. It binds all or nothing and names the first symbol that is missing.
func (l *Library) Bind(funcs map[string]any) (err error) {
	defer func() {
		// purego panics on signatures that this platform cannot call.
		if r := recover(); r != nil {
			err = fmt.Errorf("dl: %s: %v", l.path, r)
		}
	}()
	addr := make(map[string]uintptr, len(funcs))
	for name := range funcs {
		p, err := lookup(l.handle, name)
		if err != nil || p == 0 {
			return fmt.Errorf("dl: %s has no function %s", l.path, name)
		}
		addr[name] = p
	}
	for name, f := range funcs {
		purego.RegisterFunc(f, addr[name])
	}
	return nil
}

// String copies a NUL-terminated C string; nil gives "".
func String(p unsafe.Pointer) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}

// CString returns a NUL-terminated copy of s in Go memory.
func CString(s string) *byte {
	b := make([]byte, len(s)+1)
	copy(b, s)
	return &b[0]
}
