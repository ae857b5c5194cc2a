package dl

import "golang.org/x/sys/windows"

func open(path string) (uintptr, error) {
	// The altered search path finds the vendor's other libraries beside this one.
	h, err := windows.LoadLibraryEx(path, 0, windows.LOAD_WITH_ALTERED_SEARCH_PATH)
	return uintptr(h), err
}

func lookup(handle uintptr, symbol string) (uintptr, error) {
	return windows.GetProcAddress(windows.Handle(handle), symbol)
}

func defaultSymbol(string) (uintptr, error) { return 0, nil }
