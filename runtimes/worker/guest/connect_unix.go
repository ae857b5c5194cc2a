//go:build unix

package guest

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// connect takes the socket that the host passed as file descriptor 3.
func connect() (io.ReadWriter, error) {
	const fd = 3
	syscall.CloseOnExec(fd)
	f := os.NewFile(fd, "host")
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("no connection to a host: %w", err)
	}
	return conn, f.Close()
}

// confine keeps this process from filling the disk with core dumps.
func confine() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	preferKill()
}
