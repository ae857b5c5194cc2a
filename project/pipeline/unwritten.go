package pipeline

import (
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"slipway/conversion/diag"
)

// diskFull is Windows' ERROR_DISK_FULL, which package syscall does not name.
const diskFull = syscall.Errno(112)

// Unwritten puts into words that dir cannot hold what is written there: its disk
// is full or read-only, or it is somebody else's. It is nil for every other
// error.
func Unwritten(dir string, err error) *diag.Finding {
	what := "the artefact cannot be written"
	var p *fs.PathError
	if errors.As(err, &p) {
		what = filepath.Base(p.Path) + " cannot be written"
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), runtime.GOOS == "windows" && errors.Is(err, diskFull):
		return diag.Errorf("convert.disk-full", "the disk is full: %s", what).
			Suggest("free some space on the disk of %s and try again; nothing half-written is left there", dir)
	case errors.Is(err, syscall.EROFS):
		return diag.Errorf("convert.output", "the disk is read-only: %s", what).Suggest("choose another folder than %s", dir)
	case p != nil && errors.Is(err, fs.ErrPermission) && inside(dir, p.Path):
		return diag.Errorf("convert.output", "%s: there is no right to write there", what).Suggest("choose another folder than %s, or get the right to write there", dir)
	}
	return nil
}

// inside reports whether a path is dir or below it.
func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
