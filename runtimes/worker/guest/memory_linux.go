package guest

import (
	"bytes"
	"os"
	"strconv"
)

// memory reads this process's resident size and its peak, in bytes; 0 where the
// system does not tell (proc(5), /proc/self/status).
func memory() (rss, peak int64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0
	}
	return field(status, "VmRSS:"), field(status, "VmHWM:")
}

func field(status []byte, name string) int64 {
	_, rest, ok := bytes.Cut(status, []byte(name))
	if !ok {
		return 0
	}
	words := bytes.Fields(rest[:min(len(rest), 64)])
	if len(words) == 0 {
		return 0
	}
	kb, err := strconv.ParseInt(string(words[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}

// resetPeak makes the peak start again at the present size (proc(5),
// /proc/self/clear_refs, value 5). Where that is not allowed the peak stays
// that of the whole process.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// preferKill asks the kernel to take this process before the window when memory
// runs out.
func preferKill() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0) }
