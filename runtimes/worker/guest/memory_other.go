//go:build !unix

package guest

import "runtime"

// memory knows only what Go itself took from the system.
func memory() (rss, peak int64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys), int64(m.Sys)
}

func resetPeak() {}
