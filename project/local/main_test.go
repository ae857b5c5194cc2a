package local

import (
	"os"
	"testing"

	"slipway/runtimes/worker/guest"
)

// TestMain makes the test binary its own worker, as the studio is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(guest.Main(os.Args[2:], Guest()))
	}
	os.Exit(m.Run())
}
