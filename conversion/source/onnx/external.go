package onnx

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/filemap"
)

// external serves the bytes of external data: from regular files inside the
// model's folder only, each opened once.
type external struct {
	dir   string
	noMap bool
	root  *os.Root
	files map[string]*externalFile
}

type externalFile struct {
	f    *os.File // open only where files are read, not mapped
	m    *filemap.File
	size int64
}

// bytes returns want bytes of p's external data.
func (e *external) bytes(p *tensorProto, want int) ([]byte, error) {
	loc, offset, length, err := externalInfo(p)
	if err != nil {
		return nil, err
	}
	f, err := e.open(loc)
	if err != nil {
		var finding *diag.Finding
		if errors.As(err, &finding) {
			return nil, err
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, diag.Errorf("onnx.external-missing", "tensor %q: its data file %q is not there", clip(p.name), clip(loc)).
				Suggest("copy %s next to the model", clip(loc))
		}
		return nil, diag.Errorf("onnx.external-path", "tensor %q: data file %q: %v", clip(p.name), clip(loc), err)
	}
	if offset > f.size {
		return nil, diag.Errorf("onnx.external-range", "tensor %q: its data start at byte %d of %q, which has %d", clip(p.name), offset, clip(loc), f.size)
	}
	if length < 0 {
		length = int64(want)
	}
	if length != int64(want) {
		return nil, diag.Errorf("onnx.tensor-size", "tensor %q: needs %d bytes, names %d in %q", clip(p.name), want, length, clip(loc))
	}
	if length > f.size-offset {
		return nil, diag.Errorf("onnx.external-range", "tensor %q: its %d bytes at %d of %q end past the file's %d", clip(p.name), length, offset, clip(loc), f.size)
	}
	if f.m != nil {
		return f.m.Bytes()[offset : offset+length : offset+length], nil
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(f.f, offset, length), data); err != nil {
		return nil, diag.Errorf("onnx.external-range", "tensor %q: %q: %v", clip(p.name), clip(loc), err)
	}
	return data, nil
}

func externalInfo(p *tensorProto) (loc string, offset, length int64, err error) {
	bad := func(code, format string, args ...any) *diag.Finding {
		f := diag.Errorf(code, format, args...)
		f.Text = "tensor " + strconv.Quote(clip(p.name)) + ": " + f.Text
		return f
	}
	length = -1
	for _, kv := range p.external {
		number := func() int64 {
			n, perr := strconv.ParseUint(kv[1], 10, 64)
			if (perr != nil || n > math.MaxInt64) && err == nil {
				err = bad("onnx.external-range", "%s of its external data is %q", kv[0], clip(kv[1]))
			}
			return int64(n)
		}
		switch kv[0] {
		case "location":
			loc = kv[1]
		case "offset":
			offset = number()
		case "length":
			length = number()
		}
	}
	if err != nil {
		return loc, 0, 0, err
	}
	switch {
	case loc == "":
		return loc, 0, 0, bad("onnx.external-path", "its external data have no location")
	case strings.Contains(loc, "_ORT_MEM_ADDR_"):
		return loc, 0, 0, bad("onnx.external-path", "its external data claim to be an address in a process's memory (%q)", clip(loc))
	case strings.ContainsAny(loc, "\x00\\:") || path.IsAbs(loc) || filepath.IsAbs(loc) || !filepath.IsLocal(loc) ||
		slices.Contains(strings.Split(loc, "/"), ".."):
		return loc, 0, 0, bad("onnx.external-path", "its external data lie outside the model's folder (%q)", clip(loc)).
			Suggest("keep data files next to the model and name them relative to it")
	}
	return path.Clean(loc), offset, length, nil
}

func (e *external) open(loc string) (*externalFile, error) {
	if f := e.files[loc]; f != nil {
		return f, nil
	}
	if e.root == nil {
		r, err := os.OpenRoot(e.dir)
		if err != nil {
			return nil, err
		}
		e.root, e.files = r, map[string]*externalFile{}
	}
	name := filepath.FromSlash(loc)
	st, err := e.root.Stat(name) // refuses links that lead out of the folder
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	h, err := e.root.OpenFile(name, filemap.OpenFlags, 0)
	if err != nil {
		return nil, err
	}
	if st, err = h.Stat(); err == nil && !st.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	f := &externalFile{f: h, size: st.Size()}
	if !e.noMap {
		if f.m, err = filemap.FromFile(h, false); err != nil {
			h.Close()
			return nil, err
		}
		f.size = int64(len(f.m.Bytes()))
		f.f = nil
		h.Close()
	}
	e.files[loc] = f
	return f, nil
}

// paths lists the files that were opened, sorted.
func (e *external) paths() []string {
	var out []string
	for loc := range e.files {
		out = append(out, filepath.Join(e.dir, filepath.FromSlash(loc)))
	}
	slices.Sort(out)
	return out
}

// closeFiles ends reading; maps stay.
func (e *external) closeFiles() {
	for _, f := range e.files {
		if f.f != nil {
			f.f.Close()
			f.f = nil
		}
	}
	if e.root != nil {
		e.root.Close()
	}
}

// close also releases the maps.
func (e *external) close() error {
	e.closeFiles()
	var errs []error
	for _, f := range e.files {
		if f.m != nil {
			errs = append(errs, f.m.Close())
		}
	}
	return errors.Join(errs...)
}
