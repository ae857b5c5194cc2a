package conform

import (
	"os"
	"testing"

	"slipway/runtimes"
	"slipway/runtimes/worker"
	"slipway/runtimes/worker/guest"
)

// Main makes the test binary its own worker; an adapter's TestMain calls it.
func Main(m *testing.M, open func(path string) runtimes.Runtime) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(guest.Main(os.Args[2:], guest.Guest{
			Open: func(_, library string) (runtimes.Runtime, error) { return open(library), nil },
		}))
	}
	os.Exit(m.Run())
}

// Both runs the suite directly and through a worker.
func Both(t *testing.T, name, path string, open func(path string) runtimes.Runtime, m Models) {
	t.Run("direct", func(t *testing.T) { Run(t, open(path), m) })
	t.Run("worker", func(t *testing.T) {
		w, err := worker.Start(t.Context(), worker.Config{Runtime: name, LibraryPath: path})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		Run(t, w.Runtime(), m)
		if pid := w.State().PID; !w.State().Alive {
			t.Errorf("worker %d did not live through the suite:\n%s", pid, w.Log())
		}
	})
}
