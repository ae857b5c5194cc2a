package project

import (
	"errors"
	"slices"

	"slipway/conversion/diag"
	"slipway/project/store"
)

// Unkept says why nothing that is done with the open model will be there the next
// time; nil where all of it will be.
func (s *Studio) Unkept() *diag.Finding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unkept
}

// openStore opens the project in dir for the model at path ("": for the one that it
// is about). One that cannot be written is opened for now only, and unkept says so.
func openStore(dir, path string) (db *store.Store, unkept *diag.Finding, err error) {
	if db, err = store.Open(dir); err == nil && path != "" {
		if err = db.Set(keyModel, path); err != nil {
			db.Close()
		}
	}
	if err == nil {
		return db, nil, nil
	}
	var why *diag.Finding
	if !errors.As(err, &why) || !slices.Contains([]string{"project.folder", "project.disk", "project.disk-full"}, why.Code) {
		return nil, nil, err
	}
	db, shown, e := store.OpenPassing(dir, why)
	if e != nil {
		return nil, nil, err
	}
	if path != "" {
		if e := db.Set(keyModel, path); e != nil {
			db.Close()
			return nil, nil, err
		}
	}
	text := "nothing will be kept: " + why.Text
	switch {
	case shown:
		text += "; what was saved before is shown"
	case store.Is(dir):
		text += "; what was saved before is not shown"
	}
	unkept = diag.Warnf("project.not-kept", "%s", text).In(dir)
	if why.Suggestion != "" {
		_ = unkept.Suggest("%s", why.Suggestion)
	}
	return db, unkept, nil
}
