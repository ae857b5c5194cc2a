package pipeline

import (
	"path/filepath"
	"strings"

	"slipway/conversion/diag"
	"slipway/project/atomicfile"
)

// Unwritten puts into words that dir cannot hold what is written there: its disk
// is full or read-only, it is somebody else's, or something is in the way. It is
// nil for every other error.
func Unwritten(dir string, err error) *diag.Finding {
	fault, path := atomicfile.FaultOf(err)
	if path != "" && fault != atomicfile.Full && fault != atomicfile.ReadOnly && !below(dir, path) && !below(path, dir) {
		return nil // that is the source
	}
	what := filepath.Base(path)
	if path == "" || strings.HasPrefix(what, privatePrefix) || below(path, dir) {
		what = "the artefact"
	}
	code := "convert.output"
	if fault == atomicfile.Full {
		code = "convert.disk-full"
	}
	return atomicfile.Unwritten(code, what, dir, err)
}

// below reports whether a path is dir or lies in it.
func below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
