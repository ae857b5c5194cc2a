//go:build gtk || windows || darwin

package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sqweek/dialog"
)

func show(r request) (string, error) {
	if runtime.GOOS != "windows" && runtime.GOOS != "darwin" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return "", errors.New("there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set")
	}
	path, err := ask(r)
	if errors.Is(err, dialog.ErrCancelled) {
		return "", errCancelled
	}
	return path, err
}

func ask(r request) (string, error) {
	if r.Kind == "folder" {
		d := dialog.Directory().Title(r.Title)
		if r.Dir != "" {
			d = d.SetStartDir(r.Dir)
		}
		return d.Browse()
	}
	d := dialog.File().Title(r.Title)
	for _, f := range r.Filters {
		d = d.Filter(f.About, f.Extensions...)
	}
	if r.Dir != "" {
		d = d.SetStartDir(r.Dir)
	}
	if r.Name != "" {
		d = d.SetStartFile(filepath.Base(r.Name))
	}
	if r.Kind == "save" {
		return d.Save()
	}
	return d.Load()
}
