package coreml

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"slipway/runtimes"
)

// TestAbsent: where there is no Core ML, every call says so, what to do, and
// nothing else.
func TestAbsent(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("Core ML is part of this system")
	}
	r := New("")
	if i := r.Info(); i.Name != "coreml" || i.Version != "" || len(i.Devices) != 0 || len(i.Formats) != 1 {
		t.Errorf("%+v", i)
	}
	_, opened := r.Open(context.Background(), runtimes.Model{Path: "net.mlpackage"}, runtimes.Options{})
	for _, err := range []error{r.Check(context.Background()), opened, load()} {
		var absent *runtimes.NotAvailableError
		if !errors.As(err, &absent) || !strings.Contains(absent.Reason, "macOS") || !strings.Contains(absent.Cure, "Mac") {
			t.Errorf("%v", err)
		}
	}
}
