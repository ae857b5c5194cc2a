package assets

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Unpack writes the sample's files below dir, which it makes where needed, for programs that want a path and not
// bytes (workers map models). A file that is there with the same content is left alone; each other one appears whole
// or not at all, so that several processes may unpack at once. It returns the model's path.
func Unpack(dir string) (model string, err error) {
	tree := Samples()
	err = fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if e.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		want, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		if have, err := os.ReadFile(to); err == nil && bytes.Equal(have, want) {
			return nil
		}
		return write(to, want)
	})
	if err != nil {
		return "", fmt.Errorf("assets: unpack the sample: %w", err)
	}
	return filepath.Join(dir, SampleModel), nil
}

// write replaces the file at path by content, through a temporary file beside it.
func write(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".unpack-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails, as it should, once the file has its final name
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
