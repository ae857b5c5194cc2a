//go:build unix && !linux

package worker

import (
	"os/exec"
	"syscall"
)

// isolate puts the child into a process group of its own. It ends when we do,
// because it reads the end of its socket.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
