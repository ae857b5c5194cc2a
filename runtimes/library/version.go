package library

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// version tells the version of the library at path from where it lies: the package beside it, the cache folder's
// name or its own file name. "" where none of them says.
func (s *search) version(origin, path string) string {
	dir := filepath.Dir(path)
	if m, ok := readManifest(dir); ok {
		return m.Version
	}
	if v := folderVersion(s.spec, dir); origin == OriginCache && v != "" {
		return v
	}
	for _, in := range s.spec.inside {
		site, ok := strings.CutSuffix(filepath.ToSlash(dir), "/"+in)
		if !ok {
			continue
		}
		if v := s.distVersion(filepath.FromSlash(site)); v != "" {
			return v
		}
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return versionInName(path)
}

// distVersion reads the version from the name of the package's dist-info folder
// (Python packaging specification "Recording installed projects": NAME-VERSION.dist-info).
func (s *search) distVersion(site string) string {
	entries, err := os.ReadDir(site)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		for _, dist := range s.spec.dists {
			rest, ok := strings.CutPrefix(e.Name(), dist+"-")
			if !ok {
				continue
			}
			if v, ok := strings.CutSuffix(rest, ".dist-info"); ok {
				return v
			}
		}
	}
	return ""
}

// folderVersion reads the version from a cache folder's name, NAME-VERSION.
func folderVersion(s Spec, dir string) string {
	v, ok := strings.CutPrefix(filepath.Base(dir), s.Name+"-")
	if !ok {
		return ""
	}
	return v
}

var (
	dotted = regexp.MustCompile(`\.(\d+(?:\.\d+)+)(?:\.dylib)?$`)
	// OpenVINO numbers its libraries by the year's last two digits, the release and the patch: 2641 is 2026.4.1.
	packed = regexp.MustCompile(`openvino[^.]*\.(?:so\.)?(\d\d)(\d)(\d)(?:\.dylib)?$`)
)

// versionInName reads the version that a library's file name carries, "" where it carries none.
func versionInName(path string) string {
	base := filepath.Base(path)
	if m := packed.FindStringSubmatch(base); m != nil {
		return "20" + m[1] + "." + m[2] + "." + m[3]
	}
	if m := dotted.FindStringSubmatch(base); m != nil {
		return m[1]
	}
	return ""
}
