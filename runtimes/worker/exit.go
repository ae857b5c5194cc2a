package worker

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"regexp"
)

// fatal is how a Go program names the signal that a C library died of, before
// it ends with exit status 2.
var fatal = regexp.MustCompile(`(?m)^(?:\[signal |)(SIG[A-Z]+): `)

// exitStatus names a process's end: its signal, "SIGSEGV", or "exit status 3".
func exitStatus(s *os.ProcessState, err error, log string) string {
	if s == nil {
		return err.Error()
	}
	if name := signalName(s); name != "" {
		return name
	}
	if s.ExitCode() == 2 {
		if m := fatal.FindStringSubmatch(log); m != nil {
			return m[1]
		}
	}
	return s.String()
}

func isClosed(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, fs.ErrClosed) || isReset(err)
}
