//go:build !unix && !windows

package filemap

import (
	"errors"
	"os"
)

const nonBlock = 0

func mapFile(*os.File, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmap([]byte) error { return nil }

func release([]byte) {}
