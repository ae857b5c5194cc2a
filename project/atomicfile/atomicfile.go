package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Write replaces path by data: a temporary file in the same folder, fsync,
// rename, fsync of the folder. On error the old file is untouched and no
// temporary file remains.
func Write(path string, data []byte) error {
	return WriteFrom(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteFrom is Write for content that fill produces.
func WriteFrom(path string, fill func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("atomicfile: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("atomicfile: %s: %w", path, err)
		}
	}()
	if err = fill(f); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Copy is Write for the content of the file from.
func Copy(path, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return WriteFrom(path, func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}

// Sync makes the bytes of a file durable.
func Sync(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// SyncDir makes renames in dir durable, where the system can.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !ignorable(err) {
		return err
	}
	return nil
}

// Publish moves a finished private folder to its final name, durably: every
// file in it is synced first. Where final exists already it is kept as
// final+".old" until the new one is in place, and then removed.
func Publish(private, final string) error {
	err := filepath.WalkDir(private, func(p string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return SyncDir(p)
		}
		return Sync(p)
	})
	if err != nil {
		return fmt.Errorf("atomicfile: publish %s: %w", final, err)
	}
	old := final + ".old"
	if _, err := os.Lstat(final); err == nil {
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("atomicfile: publish %s: %w", final, err)
		}
		if err := os.Rename(final, old); err != nil {
			return fmt.Errorf("atomicfile: publish %s: %w", final, err)
		}
	}
	if err := os.Rename(private, final); err != nil {
		return fmt.Errorf("atomicfile: publish %s: %w", final, errors.Join(err, os.Rename(old, final)))
	}
	os.RemoveAll(old)
	return SyncDir(filepath.Dir(final))
}
