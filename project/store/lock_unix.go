//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// A process that was killed while it started another leaves a copy of the lock
// to that one for a moment: until it runs its own program.
const (
	dyingFor = 2 * time.Second
	tryEvery = 20 * time.Millisecond
)

// acquire takes an advisory lock that the system drops when the process ends,
// so that a killed window leaves no stale lock.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(dyingFor); ; time.Sleep(tryEvery) {
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			break
		}
		var who [64]byte
		n, _ := f.ReadAt(who[:], 0)
		if alive(string(who[:n])) || time.Now().After(end) {
			f.Close()
			return nil, fmt.Errorf("locked by process %s", who[:n])
		}
	}
	if err := f.Truncate(0); err == nil {
		fmt.Fprintf(f, "%d", os.Getpid())
	}
	return f, nil
}

// alive reports whether the process may still run.
func alive(pid string) bool {
	n, err := strconv.Atoi(pid)
	return err != nil || !errors.Is(syscall.Kill(n, 0), syscall.ESRCH)
}

func release(f *os.File) { f.Close() }
