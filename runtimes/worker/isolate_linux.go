package worker

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"slipway/runtimes"
)

// isolate puts the child into a process group of its own and ties its life to
// ours.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// totalMemory is the memory of this machine, or of its control group where that
// has less (cgroup v2, memory.max).
func totalMemory() int64 {
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return 0
	}
	total := int64(info.Totalram) * int64(info.Unit)
	if b, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if limit, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64); err == nil {
			total = min(total, limit)
		}
	}
	return total
}

const memoryEvery = 50 * time.Millisecond

// watchMemory stops p when its resident memory exceeds limit (proc(5), statm).
func watchMemory(p *process, limit int64) {
	if limit <= 0 {
		return
	}
	path := fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid)
	page := int64(os.Getpagesize())
	go func() {
		tick := time.NewTicker(memoryEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.dead:
				return
			case <-tick.C:
			}
			statm, err := os.ReadFile(path)
			words := bytes.Fields(statm)
			if err != nil || len(words) < 2 {
				continue
			}
			pages, err := strconv.ParseInt(string(words[1]), 10, 64)
			if err == nil && pages*page > limit {
				p.stop(&runtimes.CrashError{Runtime: p.name, Signal: fmt.Sprintf(
					"stopped at %d MB of memory, its limit is %d MB: a smaller batch or another runtime may fit", pages*page>>20, limit>>20)})
				return
			}
		}
	}()
}
