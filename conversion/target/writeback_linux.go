package target

import (
	"os"

	"golang.org/x/sys/unix"
)

// writeBack starts writing a range to the disk and does not wait for it. It is
// advice: an error means that the range is written later.
func writeBack(f *os.File, from, n int64) {
	const start = 2 // SYNC_FILE_RANGE_WRITE
	_ = unix.SyncFileRange(int(f.Fd()), from, n, start)
}
