package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"slipway/conversion/diag"
)

// Fault is what keeps something from being written.
type Fault int

// The faults. None is an error of another kind.
const (
	None      Fault = iota
	Full            // the disk has no room
	ReadOnly        // the disk takes no writes
	Forbidden       // this user may not
	InTheWay        // a file is where a folder has to be, or a folder where a file has to be
)

// diskFull is Windows' ERROR_DISK_FULL, which package syscall does not name.
const diskFull = syscall.Errno(112)

// FaultOf tells what an error of writing means, and the path that it names, ""
// for none.
func FaultOf(err error) (Fault, string) {
	path := ""
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		path = p.Path
	case errors.As(err, &l):
		path = l.New
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), runtime.GOOS == "windows" && errors.Is(err, diskFull):
		return Full, path
	case errors.Is(err, syscall.EROFS):
		return ReadOnly, path
	case path != "" && errors.Is(err, fs.ErrPermission):
		return Forbidden, path
	case path != "" && (errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.EEXIST) || errors.Is(err, syscall.ENOTEMPTY)):
		return InTheWay, path
	}
	return None, path
}

// Unwritten says that what cannot be written into dir, why, and what to do about
// it; nil where the error means something else.
func Unwritten(code, what, dir string, err error) *diag.Finding {
	f, path := FaultOf(err)
	what += " cannot be written: "
	switch f {
	case Full:
		return diag.Errorf(code, "%sthe disk is full", what).Suggest("free some space on the disk of %s and try again; nothing half-written is left there", dir)
	case ReadOnly:
		return diag.Errorf(code, "%sthe disk is read-only", what).Suggest("choose another folder than %s", dir)
	case Forbidden:
		return diag.Errorf(code, "%sthere is no right to write in %s", what, place(path)).Suggest("choose another folder, or get the right to write there")
	case InTheWay:
		return diag.Errorf(code, "%s%s", what, Obstacle(path)).Suggest("move that away, or choose another folder")
	}
	return nil
}

// place is the folder that a path was to be written into: one that is there, and
// that people have seen.
func place(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); err == nil && !strings.HasPrefix(filepath.Base(dir), ".private-") || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

// Findings says why what was not written into dir: in the words of Unwritten, or
// in the error's own.
func Findings(code, what, dir string, err error) diag.List {
	if f := Unwritten(code, what, dir, err); f != nil {
		return diag.List{f}
	}
	return diag.FromError(code, err)
}

// Obstacle names what stands in the way of a path: itself, or what it lies below.
func Obstacle(path string) string {
	for p := path; ; p = filepath.Dir(p) {
		st, err := os.Lstat(p)
		switch {
		case err == nil && st.IsDir():
			return fmt.Sprintf("%s is a folder, not a file", p)
		case err == nil:
			return fmt.Sprintf("%s is a file, not a folder", p)
		case p == filepath.Dir(p):
			return path + " is in the way"
		}
	}
}
