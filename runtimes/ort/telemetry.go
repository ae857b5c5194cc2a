//go:build cgo

package ort

import (
	"os"

	ortgo "github.com/yalue/onnxruntime_go"
)

// optOut names the variables that keep the library from recording what is run and
// sending it to its maker, as builds of 1.29 and newer do on Linux and macOS: model
// names, hashes, devices, and an identifier of the machine that they store
// (onnxruntime PR 27379; the second name is that of PR 29843).
var optOut = []string{"ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED"}

// optedOut sets them for this process, before the library is loaded, which reads
// them once. With cgo the C environment is set too.
func optedOut() error {
	for _, name := range optOut {
		if err := os.Setenv(name, "1"); err != nil {
			return err
		}
	}
	return nil
}

// traceOff ends what is recorded by the system's tracing (Windows), which has a
// call for it and no variable.
func traceOff() error { return ortgo.DisableTelemetry() }
