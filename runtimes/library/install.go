package library

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"slipway/scratch"
)

// Install gets the library called name, in its pinned version, into the user's cache and returns it; where it is
// there already and whole, it does nothing. The wheel comes from the user's package client (pip) and is refused
// unless its SHA-256 is one that Spec pins. progress, which may be nil, is told in a line what happens; it is called
// on the caller's goroutine and on no other. The final folder appears whole or not at all, also when several
// processes install at once. Errors: *UnknownError, *InstallError, or the context's own.
func Install(ctx context.Context, name string, progress func(string)) (Found, error) {
	i := installer{finder: newFinder(), download: pipDownload}
	return i.install(ctx, name, progress)
}

// installer holds what Install needs from its surroundings.
type installer struct {
	*finder
	// download leaves one wheel in dir and returns the command it ran.
	download func(ctx context.Context, spec Spec, tag, dir string) (command string, err error)
}

func (i installer) install(ctx context.Context, name string, progress func(string)) (Found, error) {
	spec, ok := Lookup(name)
	if !ok {
		return Found{}, &UnknownError{Name: name}
	}
	return i.installSpec(ctx, spec, progress)
}

func (i installer) installSpec(ctx context.Context, spec Spec, progress func(string)) (Found, error) {
	if progress == nil {
		progress = func(string) {}
	}
	fail := func(err error) (Found, error) {
		var already *InstallError
		if errors.As(err, &already) || ctx.Err() != nil {
			return Found{}, err
		}
		return Found{}, &InstallError{Spec: spec, Err: err}
	}
	if spec.Package == "" {
		return fail(errors.New(spec.Elsewhere))
	}
	if i.cache == "" {
		return fail(errors.New("this user has no cache folder: set HOME or XDG_CACHE_HOME"))
	}
	final := filepath.Join(i.cache, spec.Name+"-"+spec.Version)
	if found, err := i.installed(spec, final); err == nil {
		progress(fmt.Sprintf("%s %s is already in %s", spec.Title, spec.Version, final))
		return found, nil
	}
	tag, ok := spec.tags[i.goos+"/"+i.goarch]
	if !ok {
		return fail(fmt.Errorf("its makers publish no build of version %s for %s on %s", spec.Version, i.goos, i.goarch))
	}
	if err := os.MkdirAll(i.cache, 0o755); err != nil {
		return fail(err)
	}
	tmp, remove, err := scratch.In(i.cache, ".tmp-"+spec.Name+"-")
	if err != nil {
		return fail(err)
	}
	defer remove()

	progress(fmt.Sprintf("asking the package client for %s %s", spec.Package, spec.Version))
	command, err := i.download(ctx, spec, tag, tmp)
	if err != nil {
		return fail(err)
	}
	wheel, err := theWheel(spec, tmp)
	if err != nil {
		return fail(fmt.Errorf("%w (after `%s`)", err, command))
	}
	progress("unpacking " + filepath.Base(wheel))
	out := filepath.Join(tmp, "out")
	if err := unpackWheel(ctx, spec, wheel, out); err != nil {
		return fail(err)
	}
	if err := i.publish(spec, out, final); err != nil {
		return fail(err)
	}
	found, err := i.installed(spec, final)
	if err != nil {
		return fail(err)
	}
	progress(fmt.Sprintf("%s %s is in %s", spec.Title, spec.Version, final))
	return found, nil
}

// installed returns the library in the cache folder dir, if it is whole.
func (i installer) installed(spec Spec, dir string) (Found, error) {
	if _, ok := readManifest(dir); !ok {
		return Found{}, fmt.Errorf("%s: not installed", dir)
	}
	s := &search{f: i.finder, spec: spec}
	path, version, ok := s.try(OriginCache, dir)
	if !ok {
		return Found{}, s.notFound()
	}
	return Found{Name: spec.Name, Path: path, Version: version, Origin: OriginCache}, nil
}

// publish gives the unpacked folder its final name. A folder of that name is one that Install found wanting, or one
// that another process has just finished; the latter stays.
func (i installer) publish(spec Spec, from, to string) error {
	for range 3 {
		err := os.Rename(from, to)
		if err == nil {
			return syncDir(filepath.Dir(to))
		}
		if _, ready := i.installed(spec, to); ready == nil {
			return nil
		}
		if _, statErr := os.Lstat(to); statErr != nil {
			return err
		}
		// What is in the way moves below the temporary folder, which is removed.
		aside := filepath.Join(filepath.Dir(from), "replaced")
		if err := os.Rename(to, aside); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("%s: is in the way and cannot be replaced", to)
}

// pipDownload runs pip for the wheel of tag. The interpreter is named, so that every user gets the pinned wheel.
func pipDownload(ctx context.Context, spec Spec, tag, dir string) (string, error) {
	args := []string{
		"-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input",
		"--progress-bar", "off", "--implementation", "cp", "--python-version", python, "--abi", "cp" + python,
		"--platform", tag, "-d", dir, spec.Package + "==" + spec.Version,
	}
	shown := "python3 " + strings.Join(args, " ")
	exe, err := pythonPath()
	if err != nil {
		return shown, &InstallError{Spec: spec, Command: shown, Err: errors.New(
			"there is no python3 on PATH to run the package client with: install Python 3 with pip (Debian, Ubuntu: `apt-get install python3 python3-pip`)")}
	}
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.WaitDelay = 5 * time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	if ctx.Err() != nil {
		return shown, ctx.Err()
	}
	if err != nil {
		if bytes.Contains(output.Bytes(), []byte("No module named pip")) {
			err = errors.New("this Python has no pip: install it (Debian, Ubuntu: `apt-get install python3-pip`)")
		}
		return shown, &InstallError{Spec: spec, Command: shown, Output: tail(output.String(), 3), Err: err}
	}
	return shown, nil
}

// tail gives the last n lines that hold something, in one.
func tail(s string, n int) string {
	var lines []string
	for _, l := range strings.Split(s, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], " / ")
}

// theWheel finds the one wheel in dir and checks its hash against the pinned ones.
func theWheel(spec Spec, dir string) (string, error) {
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", fmt.Errorf("the package client left %d wheels, one was expected", len(wheels))
	}
	name := filepath.Base(wheels[0])
	want, ok := spec.Sha256[name]
	if !ok {
		return "", fmt.Errorf("the package client brought %s, which is none of the pinned wheels", name)
	}
	f, err := os.Open(wheels[0])
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return "", fmt.Errorf("%s has SHA-256 %s, the pinned one is %s: it was not installed", name, got, want)
	}
	return wheels[0], nil
}

// syncDir makes the names in dir durable; systems that cannot open a folder for this do it by themselves.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
