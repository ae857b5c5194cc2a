package library

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// limits of what a wheel may unpack to: ten times what the largest pinned one needs.
const (
	maxEntry = 1 << 30
	maxTotal = 2 << 30
)

const manifestName = "slipway-library.json"

// manifest is written last into a cache folder; a folder without it is not an installed library.
type manifest struct {
	Name    string           `json:"name"`
	Version string           `json:"version"`
	Wheel   string           `json:"wheel"`
	Sha256  string           `json:"sha256"`
	Files   map[string]int64 `json:"files"` // bytes by base name
}

func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func readManifest(dir string) (manifest, bool) {
	var m manifest
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil || json.Unmarshal(b, &m) != nil {
		return m, false
	}
	return m, true
}

// checkManifest says whether every file that Install wrote beside lib still has its size. A library that Install
// did not write has no manifest and passes.
func checkManifest(lib string) error {
	dir := filepath.Dir(lib)
	m, ok := readManifest(dir)
	if !ok {
		return nil
	}
	for name, size := range m.Files {
		info, err := os.Stat(filepath.Join(dir, filepath.Base(name)))
		if err != nil {
			return &BadLibraryError{lib, FaultDamaged, fmt.Sprintf("the installation is damaged: %s: %s", name, reason(err))}
		}
		if info.Size() != size {
			return &BadLibraryError{lib, FaultDamaged, fmt.Sprintf("the installation is damaged: %s has %d bytes, %d were installed", name, info.Size(), size)}
		}
	}
	return nil
}

// unpackWheel writes the entries of the wheel that spec wants into the new folder dir, flat, by their base names,
// each made durable, then the manifest. Paths inside the archive never become paths on disk.
func unpackWheel(ctx context.Context, spec Spec, wheel, dir string) error {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(wheel), err)
	}
	defer z.Close()
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()

	m := manifest{Name: spec.Name, Version: spec.Version, Wheel: filepath.Base(wheel), Sha256: spec.Sha256[filepath.Base(wheel)], Files: map[string]int64{}}
	var total int64
	hasLibrary := false
	for _, e := range z.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !spec.wants(e) {
			continue
		}
		base := path.Base(e.Name)
		if _, twice := m.Files[base]; twice || base == manifestName {
			return fmt.Errorf("%s: holds %s twice", m.Wheel, base)
		}
		n, err := unpackEntry(root, e, base)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", m.Wheel, e.Name, err)
		}
		if total += n; total > maxTotal {
			return fmt.Errorf("%s: unpacks to more than %d bytes", m.Wheel, int64(maxTotal))
		}
		m.Files[base] = n
		hasLibrary = hasLibrary || spec.matches(base)
	}
	if !hasLibrary {
		return fmt.Errorf("%s: holds no library of %s", m.Wheel, spec.Title)
	}
	b, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	if err := writeDurable(root, manifestName, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
		return err
	}
	return syncDir(dir)
}

// wants tells whether the entry is one of the files to keep.
func (s Spec) wants(e *zip.File) bool {
	if !e.Mode().IsRegular() {
		return false
	}
	return slices.ContainsFunc(s.unpack, func(p string) bool {
		ok, err := path.Match(p, e.Name)
		return ok && err == nil
	})
}

func unpackEntry(root *os.Root, e *zip.File, base string) (int64, error) {
	if e.UncompressedSize64 > maxEntry {
		return 0, fmt.Errorf("claims %d bytes, more than %d", e.UncompressedSize64, int64(maxEntry))
	}
	r, err := e.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	var n int64
	err = writeDurable(root, base, func(w io.Writer) error {
		// The zip reader stops at the claimed size and checks the entry's CRC.
		n, err = io.Copy(w, r)
		return err
	})
	return n, err
}

// writeDurable creates the file name in root, lets fill write it and returns when it is on disk.
func writeDurable(root *os.Root, name string, fill func(io.Writer) error) (err error) {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := fill(f); err != nil {
		return err
	}
	return f.Sync()
}
