package scratch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

const lockFile = "lock"

// room is a folder that is in use while its lock is held.
type room struct {
	dir  string
	lock *flock.Flock
}

// enter makes a room in parent. Where the file system has no locks the room has
// none either, and nobody sweeps it.
func enter(parent, prefix string) (*room, error) {
	for {
		dir, err := os.MkdirTemp(parent, prefix)
		if err != nil {
			return nil, err
		}
		r := &room{dir: dir, lock: flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))}
		locked, err := r.lock.TryLock()
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			os.Remove(r.lock.Path())
			return r, nil
		case locked && r.stands():
			return r, nil
		}
		r.leave() // another process has swept it before it was locked
	}
}

// stands reports whether the folder is there, with the file in it that is locked.
func (r *room) stands() bool {
	if !r.lock.Locked() {
		_, err := os.Lstat(r.dir)
		return err == nil
	}
	held, err := r.lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(r.lock.Path())
	return err == nil && os.SameFile(held, named)
}

// leave removes the room. Some systems keep a file as long as it is open.
func (r *room) leave() {
	os.RemoveAll(r.dir)
	r.lock.Close()
	os.RemoveAll(r.dir)
}

// sweep removes the rooms of processes that have ended. A folder without a lock
// file is no room, or one that is just being made.
func sweep(parent, prefix string) {
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		if !e.IsDir() || len(e.Name()) <= len(prefix) || e.Name()[:len(prefix)] != prefix {
			continue
		}
		r := &room{dir: filepath.Join(parent, e.Name())}
		path := filepath.Join(r.dir, lockFile)
		if st, err := os.Lstat(path); err != nil || !st.Mode().IsRegular() {
			continue
		}
		// Without O_CREATE nothing is made in what is not ours.
		r.lock = flock.New(path, flock.SetFlag(os.O_RDWR))
		if locked, err := r.lock.TryLock(); err == nil && locked {
			r.leave()
		}
		r.lock.Close()
	}
}
