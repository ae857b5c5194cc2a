//go:build !unix

package worker

import (
	"errors"
	"io"
	"os"
	"os/exec"
)

type pipes struct {
	io.Reader
	io.WriteCloser
}

// connect uses the child's standard input and output.
func connect(cmd *exec.Cmd, _ io.Writer) (conn io.ReadWriteCloser, child []*os.File, err error) {
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, theirIn.Close(), ourOut.Close())
	}
	cmd.Stdin, cmd.Stdout = theirIn, theirOut
	return pipes{ourIn, ourOut}, []*os.File{theirIn, theirOut}, nil
}

func isolate(*exec.Cmd) {}

func kill(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = cmd.Process.Kill()
	}
}

func signalName(*os.ProcessState) string { return "" }

func isReset(err error) bool { return errors.Is(err, io.ErrClosedPipe) }
