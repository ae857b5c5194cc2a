//go:build unix

package store

import (
	"fmt"
	"os"
	"syscall"
)

// acquire takes an advisory lock that the system drops when the process ends,
// so that a killed window leaves no stale lock.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		var who [64]byte
		n, _ := f.Read(who[:])
		f.Close()
		return nil, fmt.Errorf("locked by process %s", who[:n])
	}
	if err := f.Truncate(0); err == nil {
		fmt.Fprintf(f, "%d", os.Getpid())
	}
	return f, nil
}

func release(f *os.File) { f.Close() }
