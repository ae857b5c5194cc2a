package filemap

import (
	"fmt"
	"io"
	"os"
)

// File holds a regular file's bytes.
type File struct {
	data   []byte
	mapped bool
}

// Open opens a regular file by its path; anything else (a folder, a pipe, a
// device) is an error and never blocks.
func Open(path string, noMap bool) (*File, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonBlock, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return FromFile(f, noMap)
}

// FromFile maps or reads an open file. The caller still closes f, which may
// happen at once.
func FromFile(f *os.File, noMap bool) (*File, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", f.Name())
	}
	size := st.Size()
	if size == 0 {
		return &File{}, nil
	}
	if int64(int(size)) != size {
		return nil, fmt.Errorf("%s: %d bytes are more than this machine can address", f.Name(), size)
	}
	if !noMap {
		data, err := mapFile(f, int(size))
		if err == nil {
			remember(data)
			return &File{data[:len(data):len(data)], true}, nil
		}
	}
	data := make([]byte, size)
	if n, err := io.ReadFull(io.NewSectionReader(f, 0, size), data); err != nil {
		return nil, fmt.Errorf("%s: read %d of %d bytes: %w", f.Name(), n, size, err)
	}
	return &File{data: data}, nil
}

// OpenFlags are what to open a file with that a stranger chose: opening a pipe
// that nobody writes to must not block.
const OpenFlags = os.O_RDONLY | nonBlock

// Bytes are the file's contents; they must not be written to nor used after
// Close.
func (f *File) Bytes() []byte { return f.data }

// Close releases the map. It may be called more than once.
func (f *File) Close() error {
	data, mapped := f.data, f.mapped
	f.data, f.mapped = nil, false
	if !mapped {
		return nil
	}
	forget(data)
	return unmap(data)
}
