package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/profiler/verify"
	"slipway/project/atomicfile"
	"slipway/scratch"
)

// RunTo is Run with the result under dir: dir/TARGET, or dir/rejected/TARGET
// where the verdict is a mismatch. Nothing stands under a final name before it
// is whole. Artefact paths in the result are full.
func (e *Env) RunTo(ctx context.Context, q Request, dir string, progress func(plan.Event)) (*Result, error) {
	private, remove, err := begin(dir, filepath.Join(dir, q.Target))
	if err != nil {
		return nil, unwritten(dir, err)
	}
	defer remove()
	q.Private = private
	name := q.Name
	if name == "" {
		name = BaseName(q.Model)
	}
	if build := filepath.Join(dir, q.Target, name+".build.json"); q.Earlier == "" {
		if _, err := os.Stat(build); err == nil {
			q.Earlier = build
		}
	}
	res, err := e.Run(ctx, q, progress)
	if err != nil {
		return nil, err
	}
	final := filepath.Join(dir, q.Target)
	if !res.OK {
		if res.Verify.Verdict != verify.Mismatch {
			res.Artefacts = []plan.Artefact{}
			return res, nil
		}
		final = filepath.Join(dir, "rejected", q.Target)
	}
	if err := moveInto(private, final, res.Artefacts); err != nil {
		res.OK, res.Artefacts = false, []plan.Artefact{}
		res.Findings = append(res.Findings, unwritten(final, err))
		return res, nil
	}
	for i := range res.Artefacts {
		res.Artefacts[i].Path = filepath.Join(final, res.Artefacts[i].Path)
	}
	return res, nil
}

// privatePrefix begins the names of folders that conversions write into.
const privatePrefix = ".private-"

// begin makes dir and a private folder in it, which remove deletes, and tries
// whether final, where it is there already, takes files: before the work, not after
// it.
func begin(dir, final string) (private string, remove func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, err
	}
	if _, err := os.Lstat(final); err == nil {
		probe, err := os.MkdirTemp(final, privatePrefix)
		if err != nil {
			return "", nil, err
		}
		if err := os.Remove(probe); err != nil {
			return "", nil, err
		}
	}
	return scratch.In(dir, privatePrefix)
}

// unwritten is Unwritten for an error that can only mean dir.
func unwritten(dir string, err error) *diag.Finding {
	if f := Unwritten(dir, err); f != nil {
		return f
	}
	return diag.Errorf("convert.output", "the artefact cannot be written: %v", err).In(dir).Suggest("choose another folder")
}

// moveInto gives the files of private their final names in final, durably. An
// older artefact of the same name loses its main file first and the new main
// file (the first) arrives last, so that a kill in between never leaves a main
// file beside the data of another. Artefacts of other models are kept.
func moveInto(private, final string, files []plan.Artefact) error {
	if err := os.MkdirAll(final, 0o755); err != nil {
		return err
	}
	for _, f := range files { // before anything is touched
		to := filepath.Join(final, f.Path)
		if st, err := os.Lstat(to); err == nil && st.IsDir() && !folder(private, f) {
			return &fs.PathError{Op: "replace", Path: to, Err: syscall.EISDIR}
		}
	}
	for i := range files {
		if folder(private, files[i]) {
			continue // synced when it is published
		}
		if err := atomicfile.Sync(filepath.Join(private, files[i].Path)); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(final, files[i].Path)), 0o755); err != nil {
			return err
		}
	}
	if len(files) > 1 {
		if err := os.RemoveAll(filepath.Join(final, files[0].Path)); err != nil {
			return err
		}
	}
	for _, f := range slices.Backward(files) {
		if folder(private, f) {
			if err := atomicfile.Publish(filepath.Join(private, f.Path), filepath.Join(final, f.Path)); err != nil {
				return err
			}
			continue
		}
		if err := os.Rename(filepath.Join(private, f.Path), filepath.Join(final, f.Path)); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(final)
}

// folder reports whether an artefact is a folder, such as a Core ML package.
func folder(private string, a plan.Artefact) bool {
	st, err := os.Stat(filepath.Join(private, a.Path))
	return err == nil && st.IsDir()
}

// HashFile is the SHA-256 of a file in hex.
func HashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// within joins a path to the private folder, unless it stands by itself.
func within(dir, path string) string {
	if filepath.IsAbs(path) || dir == "" {
		return path
	}
	return filepath.Join(dir, path)
}
