// Package dialogs asks for files: with the system's own dialog, which runs in a
// small executable of its own, and with the toolkit's where that executable is
// missing or fails.
package dialogs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// ErrCancelled means that the person closed the dialog without a choice.
var ErrCancelled = errors.New("dialogs: cancelled")

// ErrUnavailable means that the native dialog cannot be shown here.
var ErrUnavailable = errors.New("dialogs: no native dialog here")

// Request says what to ask for.
type Request struct {
	Kind       string // "open", "save", "folder"
	Title      string
	Filter     string   // name of the file kind: "Models"; "": the extensions
	Extensions []string // without dots
	Dir        string   // where to start
	Name       string   // proposed file name, for save
}

// Native shows one system dialog at a time: two at once would abort GTK.
type Native struct {
	executable string
	mu         sync.Mutex
}

// NewNative finds the helper executable beside this program, or in PATH. A
// program without a helper gives ErrUnavailable for every request.
func NewNative() *Native {
	name := "studio-file-dialog"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if os.Getenv("STUDIO_NO_NATIVE_DIALOG") != "" {
		return &Native{}
	}
	if self, err := os.Executable(); err == nil {
		p := filepath.Join(filepath.Dir(self), name)
		if _, err := os.Stat(p); err == nil {
			return &Native{executable: p}
		}
	}
	p, err := exec.LookPath(name)
	if err != nil {
		return &Native{}
	}
	return &Native{executable: p}
}

// Ask shows the dialog and blocks until it is answered: call it off the UI
// goroutine. Errors are ErrCancelled and ErrUnavailable, wrapped.
func (n *Native) Ask(ctx context.Context, r Request) (string, error) {
	if n.executable == "" {
		return "", ErrUnavailable
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	args := []string{r.Kind, "--title", r.Title}
	if len(r.Extensions) > 0 {
		about := r.Filter
		if about == "" {
			about = strings.ToUpper(strings.Join(r.Extensions, ", "))
		}
		args = append(args, "--filter", about+":"+strings.Join(r.Extensions, ","))
	}
	if r.Dir != "" {
		args = append(args, "--dir", r.Dir)
	}
	if r.Name != "" {
		args = append(args, "--name", r.Name)
	}
	out, err := exec.CommandContext(ctx, n.executable, args...).Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return "", ErrCancelled
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	path, err := parse(out)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return path, nil
}

// Named is the chosen path, with the first of the request's extensions where a
// file to save was given none of them.
func (r Request) Named(path string) string {
	if r.Kind != "save" || len(r.Extensions) == 0 {
		return path
	}
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	if slices.Contains(r.Extensions, ext) {
		return path
	}
	return path + "." + r.Extensions[0]
}

// parse reads the helper's answer: a path, a list of paths or {"path": …}.
func parse(b []byte) (string, error) {
	var one string
	if json.Unmarshal(b, &one) == nil && one != "" {
		return one, nil
	}
	var many []string
	if json.Unmarshal(b, &many) == nil && len(many) > 0 {
		return many[0], nil
	}
	var doc struct {
		Path  string   `json:"path"`
		Paths []string `json:"paths"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return "", err
	}
	if doc.Path == "" && len(doc.Paths) > 0 {
		doc.Path = doc.Paths[0]
	}
	if doc.Path == "" {
		return "", errors.New("the dialog answered without a path")
	}
	return doc.Path, nil
}
