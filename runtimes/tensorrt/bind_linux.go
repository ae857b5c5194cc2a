package tensorrt

import (
	"os/exec"
	"syscall"
)

// bind ends the program when this process dies, as a worker may at any moment.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
