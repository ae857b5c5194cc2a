package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"slipway/project/atomicfile"
)

// maxRecent bounds the list of recent files.
const maxRecent = 12

// Recent is a model or project that was opened.
type Recent struct {
	Path   string    `json:"path"`
	Format string    `json:"format"`
	Bytes  int64     `json:"bytes"`
	Opened time.Time `json:"opened"`
	Note   string    `json:"note,omitempty"` // last result, in words
}

// Settings are the remembered choices. Zero values are the defaults.
type Settings struct {
	Theme      string     `json:"theme,omitempty"` // "", "light", "dark"; "" follows the system
	Horizontal bool       `json:"horizontal,omitempty"`
	WheelPans  bool       `json:"wheel_pans,omitempty"`
	Window     [2]float32 `json:"window,omitempty"`
	Recent     []Recent   `json:"recent,omitempty"`
	Threads    int        `json:"threads,omitempty"`
}

// File is the settings file of one user. It is safe for concurrent use.
type File struct {
	path string
	mu   sync.Mutex
	s    Settings
}

// DefaultPath is settings.json in the user's configuration folder.
func DefaultPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	return filepath.Join(dir, "slipway", "settings.json"), nil
}

// Open reads the file; an absent one gives the defaults. A damaged file is
// renamed to settings.json.damaged and reported in the error, with a usable
// File beside it.
func Open(path string) (*File, error) {
	f := &File{path: path}
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return f, fmt.Errorf("settings: %w", err)
	}
	if err := json.Unmarshal(b, &f.s); err != nil {
		f.s = Settings{}
		return f, fmt.Errorf("settings: %s was damaged and is set aside as %s.damaged: %w", path, filepath.Base(path),
			errors.Join(err, os.Rename(path, path+".damaged")))
	}
	return f, nil
}

// Get returns a copy.
func (f *File) Get() Settings {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.s
	s.Recent = slices.Clone(s.Recent)
	return s
}

// Update changes the settings and saves them. Where that cannot be, they hold
// until the program ends.
func (f *File) Update(change func(*Settings)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.s)
	b, err := json.MarshalIndent(&f.s, "", "  ")
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	dir := filepath.Dir(f.path)
	if err = os.MkdirAll(dir, 0o755); err == nil {
		err = atomicfile.Write(f.path, b)
	}
	if err != nil {
		return atomicfile.Findings("settings.unwritten", "the settings", dir, err)
	}
	return nil
}

// Remember puts a file at the head of the recent list.
func (f *File) Remember(r Recent) error {
	return f.Update(func(s *Settings) {
		s.Recent = slices.DeleteFunc(s.Recent, func(o Recent) bool { return o.Path == r.Path })
		s.Recent = append([]Recent{r}, s.Recent...)
		s.Recent = s.Recent[:min(len(s.Recent), maxRecent)]
	})
}
