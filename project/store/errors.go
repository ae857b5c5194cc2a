package store

import (
	"errors"
	"fmt"
	"path/filepath"

	"modernc.org/sqlite"

	"slipway/conversion/diag"
	"slipway/project/atomicfile"
)

// What SQLite reports as the reason, without its particulars.
const (
	sqliteReadOnly   = 8
	sqliteIO         = 10
	sqliteFull       = 13
	sqliteCannotOpen = 14
)

// reason is SQLite's, 0 where the error is another's.
func reason(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// folder says that a project's folder cannot be made or written.
func folder(dir string, err error) *diag.Finding {
	if f := unwritten("project.folder", dir, err); f != nil {
		return f
	}
	return diag.Errorf("project.folder", "cannot be made: %v", err).In(dir)
}

// unwritten says why a project cannot be written, and what to do where it lies
// in no other folder; nil for an error of another kind.
func unwritten(code, dir string, err error) *diag.Finding {
	f := atomicfile.Unwritten(code, "the project of this model", dir, err)
	if f == nil {
		return nil
	}
	switch fault, _ := atomicfile.FaultOf(err); fault {
	case atomicfile.Full:
		return f.Suggest("free some space on the disk of %s and try again; what was saved before is intact", dir)
	case atomicfile.ReadOnly:
		return f.Suggest("mount the disk of %s writable and try again", dir)
	case atomicfile.Forbidden:
		return f.Suggest("get the right to write there and try again")
	}
	return f.Suggest("move that away and try again")
}

// damaged is about records that cannot be read.
func (s *Store) damaged(err error) error {
	switch reason(err) {
	case sqliteFull:
		return diag.Errorf("project.disk-full", "the disk is full").In(s.dir).Suggest("free some space and try again")
	case sqliteReadOnly, sqliteCannotOpen:
		return diag.Errorf("project.folder", "the records cannot be written: %v", err).In(s.dir).
			Suggest("get the right to write in %s, or copy the project to where you have it", s.dir)
	}
	return diag.Errorf("project.damaged", "the records cannot be read: %v", err).In(s.dir).
		Suggest("the artefacts in %s are untouched; restore project.db from a backup", filepath.Join(s.dir, "artefacts"))
}

// wrap is about what could not be saved.
func (s *Store) wrap(err error) error {
	if err == nil {
		return nil
	}
	switch reason(err) {
	case sqliteFull, sqliteIO:
		return diag.Errorf("project.disk", "could not be saved: %v", err).In(s.dir).Suggest("free some space; what was saved before is intact")
	case sqliteReadOnly, sqliteCannotOpen:
		return diag.Errorf("project.disk", "could not be saved: %v", err).In(s.dir).
			Suggest("get the right to write there, or mount its disk writable; what was saved before is intact")
	}
	if f := unwritten("project.disk", s.dir, err); f != nil {
		return f
	}
	return fmt.Errorf("store: %w", err)
}
