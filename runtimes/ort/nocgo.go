//go:build !cgo

package ort

import (
	"context"

	"slipway/runtimes"
)

type absent struct{ path string }

// New makes the runtime for the library at path. This build cannot use it: it
// was made without cgo.
func New(path string) runtimes.Runtime { return absent{path} }

func (a absent) Info() runtimes.Info {
	return runtimes.Info{Name: Name, Title: title, Library: a.path, Formats: []string{"onnx"}}
}

func (a absent) Check(context.Context) error {
	return &runtimes.NotAvailableError{Runtime: Name, Reason: "this program was built without cgo", Cure: "build it with CGO_ENABLED=1"}
}

func (a absent) Open(ctx context.Context, _ runtimes.Model, _ runtimes.Options) (runtimes.Session, error) {
	return nil, a.Check(ctx)
}
