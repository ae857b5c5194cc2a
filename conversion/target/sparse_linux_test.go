package target

import (
	"os"
	"syscall"
)

// occupied is what a file takes of the disk (stat(2): blocks of 512 bytes).
func occupied(st os.FileInfo) (int64, bool) {
	s, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return s.Blocks * 512, true
}
