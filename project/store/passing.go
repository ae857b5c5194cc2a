package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"slipway/conversion/diag"
	"slipway/project/atomicfile"
	"slipway/scratch"
)

// OpenPassing opens a project that ends with Close, in the place of the one in dir,
// which why says cannot be written. It begins with what can be read of that: shown
// reports whether it does. Where nothing can be written anywhere, its records are in
// memory, and Private says why.
func OpenPassing(dir string, why *diag.Finding) (s *Store, shown bool, err error) {
	place, remove, err := scratch.Dir("project")
	if err == nil {
		shown = Is(dir)
		if shown {
			err = imitate(dir, place)
		}
		if err == nil {
			s, err = Open(place)
		}
		if err == nil {
			s.end = remove
			return s, shown, nil
		}
		remove()
	}
	s = &Store{dir: dir, full: why}
	// One connection is never closed before the store is: memory is not lost.
	if err := s.records("file::memory:?_pragma=foreign_keys(1)"); err != nil {
		return nil, false, err
	}
	return s, false, nil
}

// imitate copies the records of the project in dir to place and links to its
// artefacts, which are read there. What is deleted is the link.
func imitate(dir, place string) error {
	for _, name := range []string{records, records + "-wal"} {
		if err := atomicfile.Copy(filepath.Join(place, name), filepath.Join(dir, name)); err != nil && (name == records || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(place, "artefacts"), 0o755); err != nil {
		return err
	}
	made, err := os.ReadDir(filepath.Join(dir, "artefacts"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, a := range made {
		if err := os.Symlink(filepath.Join(dir, "artefacts", a.Name()), filepath.Join(place, "artefacts", a.Name())); err != nil {
			return err
		}
	}
	return nil
}
