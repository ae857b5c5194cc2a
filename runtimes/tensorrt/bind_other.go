//go:build !linux

package tensorrt

import "os/exec"

// bind does nothing: here the worker's own group or job ends the program.
func bind(*exec.Cmd) {}
