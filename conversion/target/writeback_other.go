//go:build !linux

package target

import "os"

func writeBack(*os.File, int64, int64) {}
