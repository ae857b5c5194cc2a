package library

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// systemFolders lists the folders in which this system's loader looks for libraries: the loader's variable, the
// folders of ld.so.conf where there is one, and the customary ones.
func systemFolders() []string {
	variable := map[string]string{"darwin": "DYLD_LIBRARY_PATH", "windows": "PATH"}[runtime.GOOS]
	if variable == "" {
		variable = "LD_LIBRARY_PATH"
	}
	var out []string
	for _, dir := range filepath.SplitList(os.Getenv(variable)) {
		if dir != "" {
			out = append(out, dir)
		}
	}
	switch runtime.GOOS {
	case "windows":
	case "darwin":
		out = append(out, "/opt/homebrew/lib", "/usr/local/lib")
	default:
		out = append(out, loaderFolders("/etc/ld.so.conf", 0)...)
		multiarch := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
		if multiarch != "" {
			out = append(out, "/usr/local/lib/"+multiarch, "/lib/"+multiarch, "/usr/lib/"+multiarch)
		}
		out = append(out, "/usr/local/lib64", "/usr/local/lib", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
	}
	seen := make(map[string]bool, len(out))
	return slices.DeleteFunc(out, func(dir string) bool {
		dup := seen[dir]
		seen[dir] = true
		return dup
	})
}

// loaderFolders reads a configuration file of ldconfig: a folder a line, comments, and "include PATTERN".
func loaderFolders(conf string, depth int) []string {
	const deepest = 8 // includes can name each other
	f, err := os.Open(conf)
	if err != nil || depth > deepest {
		return nil
	}
	defer f.Close()
	var out []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		line = strings.TrimSpace(line)
		pattern, isInclude := strings.CutPrefix(line, "include ")
		if !isInclude {
			if strings.HasPrefix(line, "/") {
				out = append(out, line)
			}
			continue
		}
		pattern = strings.TrimSpace(pattern)
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(conf), pattern)
		}
		files, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		for _, file := range files {
			out = append(out, loaderFolders(file, depth+1)...)
		}
	}
	return out
}
