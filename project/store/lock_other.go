//go:build !unix

package store

import "os"

// acquire creates the lock file exclusively; release removes it.
func acquire(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
}

func release(f *os.File) {
	f.Close()
	os.Remove(f.Name())
}
