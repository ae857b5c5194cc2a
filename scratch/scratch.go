package scratch

import (
	"fmt"
	"os"
	"sync"
)

// prefix begins the names of rooms in the system's folder for temporary files.
const prefix = "slipway-"

var (
	mu    sync.Mutex
	rooms = map[string]*shared{} // by the folder for temporary files, which tests change
	swept = map[string]bool{}
)

// shared is this process's room in the folder for temporary files.
type shared struct {
	*room
	used int // folders given out
}

// Dir makes an empty folder for temporary files, whose name begins with kind, for
// this user alone. remove deletes it with all that is in it; calls after the first
// do nothing. Dir and remove may be called from several goroutines.
func Dir(kind string) (dir string, remove func(), err error) {
	mu.Lock()
	defer mu.Unlock()
	temp := os.TempDir()
	if !swept[temp] {
		swept[temp] = true
		sweep(temp, prefix)
	}
	s := rooms[temp]
	if s != nil && !s.stands() { // cleaners of temporary files have come by
		s.leave()
		s = nil
	}
	if s == nil {
		r, err := enter(temp, prefix)
		if err != nil {
			return "", nil, fmt.Errorf("temporary folder: %w", err)
		}
		s = &shared{room: r}
		rooms[temp] = s
	}
	if dir, err = os.MkdirTemp(s.dir, kind+"-"); err != nil {
		s.close(temp)
		return "", nil, fmt.Errorf("temporary folder: %w", err)
	}
	s.used++
	return dir, sync.OnceFunc(func() {
		os.RemoveAll(dir)
		mu.Lock()
		defer mu.Unlock()
		s.used--
		s.close(temp)
	}), nil
}

// close gives the room up when nothing is in it.
func (s *shared) close(temp string) {
	if s.used > 0 {
		return
	}
	s.leave()
	if rooms[temp] == s {
		delete(rooms, temp)
	}
}

// In makes a folder in parent whose name begins with prefix, for files that get
// their final names in parent by renaming, and removes those of the same prefix
// that processes which have ended left there. A file named "lock" in it belongs to
// this package. remove deletes the folder with all that is still in it.
func In(parent, prefix string) (dir string, remove func(), err error) {
	sweep(parent, prefix)
	r, err := enter(parent, prefix)
	if err != nil {
		return "", nil, err
	}
	return r.dir, sync.OnceFunc(r.leave), nil
}
