//go:build unix

package filemap

import (
	"os"

	"golang.org/x/sys/unix"
)

const nonBlock = unix.O_NONBLOCK

func mapFile(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
}

func unmap(data []byte) error { return unix.Munmap(data) }

// release is advice: where the system refuses it, the pages stay.
func release(data []byte) { _ = unix.Madvise(data, unix.MADV_DONTNEED) }
