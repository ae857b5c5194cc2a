//go:build unix

package atomicfile

import (
	"errors"
	"syscall"
)

// ignorable: some file systems cannot sync folders.
func ignorable(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP)
}
