package library

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// The places that a library can come from, as Found.Origin names them.
const (
	OriginEnvironment  = "environment variable"
	OriginCache        = "user cache"
	OriginSitePackages = "site-packages"
	OriginSystem       = "system"
)

// Found is a library that was found and whose header fits this machine. Nobody has loaded it yet.
type Found struct {
	Name    string // the Spec's name
	Path    string // absolute path of the library file
	Version string // as its package or file name tells; "" where neither does
	Origin  string // one of the Origin constants
}

// Find returns the first usable library called name, in the order that the package comment gives. Where there is
// none, the error is a *NotFoundError with the places tried and the unusable files met there; for a name that is
// not in Specs it is an *UnknownError. Safe for concurrent use; it may run a Python (for at most five seconds)
// to ask for its folders when the library lies in no nearer place.
func Find(name string) (Found, error) { return newFinder().find(name) }

// CacheDir is the folder below which Install puts libraries: "slipway/libraries" in the user's cache folder.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "slipway", "libraries"), nil
}

// finder holds what the search reads from its surroundings, so that tests bring their own.
type finder struct {
	getenv       func(string) string
	home         string
	cache        string // "" where this user has none
	goos, goarch string
	system       func() []string // library folders of the system
	python       func() []string // site folders of the Python on PATH
}

func newFinder() *finder {
	home, _ := os.UserHomeDir() // without a home its folders are not searched
	cache, _ := CacheDir()      // without a cache folder likewise
	return &finder{
		getenv: os.Getenv, home: home, cache: cache, goos: runtime.GOOS, goarch: runtime.GOARCH,
		system: systemFolders, python: pythonFolders,
	}
}

// search collects the outcome of one Find.
type search struct {
	f     *finder
	spec  Spec
	tried []Place
	bad   []*BadLibraryError
}

func (f *finder) find(name string) (Found, error) {
	spec, ok := Lookup(name)
	if !ok {
		return Found{}, &UnknownError{Name: name}
	}
	s := &search{f: f, spec: spec}
	if v := f.getenv(spec.EnvVar); v != "" {
		if path, version, ok := s.try(OriginEnvironment, v); ok {
			return Found{Name: name, Path: path, Version: version, Origin: OriginEnvironment}, nil
		}
		return Found{}, s.notFound()
	}
	for _, step := range []struct {
		origin  string
		folders func() []string
	}{
		{OriginCache, s.cacheFolders},
		{OriginSitePackages, func() []string { return s.siteFolders(f.venvs()) }},
		{OriginSitePackages, func() []string { return s.siteFolders(f.python()) }},
		{OriginSystem, s.systemFolders},
	} {
		for _, dir := range step.folders() {
			if path, version, ok := s.try(step.origin, dir); ok {
				return Found{Name: name, Path: path, Version: version, Origin: step.origin}, nil
			}
		}
	}
	return Found{}, s.notFound()
}

func (s *search) notFound() *NotFoundError {
	return &NotFoundError{Spec: s.spec, Tried: s.tried, Bad: s.bad}
}

// try looks at path, a library file or a folder that may hold one.
func (s *search) try(origin, path string) (lib, version string, ok bool) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", "", false
	}
	place := Place{Origin: origin, Path: abs}
	if slices.Contains(s.tried, place) {
		return "", "", false
	}
	s.tried = append(s.tried, place)

	candidates := []string{abs}
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		if origin == OriginEnvironment {
			s.bad = append(s.bad, &BadLibraryError{abs, FaultUnreadable, "named by " + s.spec.EnvVar + ", cannot be read: " + reason(err)})
		}
		return "", "", false
	case info.IsDir():
		candidates = s.candidates(abs)
	}
	for _, c := range candidates {
		version, err := s.check(origin, c)
		if err == nil {
			return c, version, true
		}
		var bad *BadLibraryError
		if errors.As(err, &bad) {
			s.bad = append(s.bad, bad)
		}
	}
	return "", "", false
}

// candidates lists the files in dir that bear the library's name, in the order of Spec.Globs, newest name first.
func (s *search) candidates(dir string) []string {
	var out []string
	for _, glob := range s.spec.Globs {
		// Glob reads the folder's own name as a pattern, so the folder is listed instead.
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil
		}
		var names []string
		for _, e := range entries {
			if ok, err := filepath.Match(glob, e.Name()); ok && err == nil {
				names = append(names, filepath.Join(dir, e.Name()))
			}
		}
		slices.SortFunc(names, func(a, b string) int { return compareVersions(versionInName(b), versionInName(a)) })
		out = append(out, names...)
	}
	return out
}

// check judges one file and tells its version.
func (s *search) check(origin, path string) (string, error) {
	if err := checkFile(path, s.f.goos, s.f.goarch); err != nil {
		return "", err
	}
	if err := checkManifest(path); err != nil {
		return "", err
	}
	version := s.version(origin, path)
	if err := s.spec.accepts(version); err != nil {
		return "", &BadLibraryError{path, FaultVersion, err.Error()}
	}
	return version, nil
}

func (s *search) cacheFolders() []string {
	if s.f.cache == "" {
		return nil
	}
	pinned := filepath.Join(s.f.cache, s.spec.Name+"-"+s.spec.Version)
	folders := []string{pinned}
	entries, err := os.ReadDir(s.f.cache)
	if err != nil {
		return folders
	}
	var others []string
	for _, e := range entries {
		if dir := filepath.Join(s.f.cache, e.Name()); e.IsDir() && strings.HasPrefix(e.Name(), s.spec.Name+"-") && dir != pinned {
			others = append(others, dir)
		}
	}
	slices.SortFunc(others, func(a, b string) int {
		return compareVersions(folderVersion(s.spec, b), folderVersion(s.spec, a))
	})
	return append(folders, others...)
}

// venvs lists the site folders of the environments that variables name, and of the user.
func (f *finder) venvs() []string {
	var out []string
	for _, v := range []string{"STUDIO_VENV", "VIRTUAL_ENV"} {
		if dir := f.getenv(v); dir != "" {
			out = append(out, dir) // also a site-packages folder itself
			out = append(out, sitesBelow(dir)...)
		}
	}
	if f.home != "" {
		out = append(out, sitesBelow(filepath.Join(f.home, ".local"))...)
	}
	return out
}

// sitesBelow lists the site folders of the Python installation at prefix.
func sitesBelow(prefix string) []string {
	var out []string
	for _, lib := range []string{"lib", "lib64"} {
		entries, err := os.ReadDir(filepath.Join(prefix, lib))
		if err != nil {
			continue
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "python3") {
				out = append(out, filepath.Join(prefix, lib, e.Name(), "site-packages"))
			}
		}
	}
	return append(out, filepath.Join(prefix, "Lib", "site-packages"))
}

func (s *search) siteFolders(sites []string) []string {
	var out []string
	for _, site := range sites {
		for _, in := range s.spec.inside {
			out = append(out, filepath.Join(site, filepath.FromSlash(in)))
		}
	}
	return out
}

func (s *search) systemFolders() []string {
	out := s.f.system()
	for _, pattern := range s.spec.system {
		missing := false
		pattern = os.Expand(pattern, func(v string) string {
			value := s.f.getenv(v)
			missing = missing || value == ""
			return value
		})
		if missing {
			continue
		}
		found, err := filepath.Glob(pattern)
		if err == nil {
			out = append(out, found...)
		}
	}
	return out
}

// pythonFolders is askPython's answer, asked for once a process: starting a Python takes long.
var pythonFolders = sync.OnceValue(askPython)

// askPython asks the Python on PATH for its site folders; none where there is no Python.
func askPython() []string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	exe, err := pythonPath()
	if err != nil {
		return nil
	}
	const script = "import sys\nfor p in sys.path:\n    if p.endswith(('site-packages', 'dist-packages')): print(p)"
	cmd := exec.CommandContext(ctx, exe, "-c", script)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' || r == '\r' })
}

// pythonPath finds the user's Python, for asking and for its package client.
func pythonPath() (string, error) {
	exe, err := exec.LookPath("python3")
	if err != nil {
		return exec.LookPath("python")
	}
	return exe, nil
}
