package mil

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	schema "slipway/conversion/schema/mil"
	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/internal/mlpackage"
)

// Name is the runtime's name, Title what people read.
const (
	Name  = "mil"
	Title = "MIL check (numerics only, not run on Core ML)"
)

// Runtime implements runtimes.Runtime by another one that computes graphs.
type Runtime struct{ inner Inner }

// Inner makes a runtime that opens Core ML packages. It tells decoded, which may be
// nil, the model file of each package as soon as Open has decoded it.
type Inner func(decoded func(*schema.Model)) runtimes.Runtime

var (
	_ runtimes.Runtime = Runtime{}
	_ runtimes.Session = session{}
	_ runtimes.Tracer  = session{}
)

// New makes the runtime over inner, which is made anew for each package.
func New(inner Inner) Runtime { return Runtime{inner} }

// Info describes the runtime; its version is that of the program.
func (r Runtime) Info() runtimes.Info {
	i := r.inner(nil).Info()
	i.Name, i.Title, i.Formats = Name, Title, []string{"coreml"}
	return i
}

// Check is that of the inner runtime.
func (r Runtime) Check(ctx context.Context) error { return r.inner(nil).Check(ctx) }

// Open reads the package, a folder, at m.Path.
func (r Runtime) Open(ctx context.Context, m runtimes.Model, o runtimes.Options) (runtimes.Session, error) {
	if m.Format != "coreml" && !strings.EqualFold(filepath.Ext(m.Path), ".mlpackage") {
		return nil, runtimes.Refuse(Name, "open", "%s is no Core ML package", filepath.Base(m.Path))
	}
	var decoded *schema.Model
	s, err := r.inner(func(m *schema.Model) { decoded = m }).Open(ctx, m, o)
	if err != nil {
		return nil, rename(err)
	}
	var f *mlpackage.Face
	if err = errors.New("its model file was not decoded"); decoded != nil {
		f, err = mlpackage.NewFace(decoded, Name, s)
	}
	if err != nil {
		_ = s.Close() // the error that counts is the first
		return nil, runtimes.Refuse(Name, "open", "%v", err)
	}
	return session{f, s}, nil
}

// rename puts this runtime's name into a refusal of the inner one.
func rename(err error) error {
	var refused *runtimes.RefusedError
	if errors.As(err, &refused) {
		return &runtimes.RefusedError{Runtime: Name, Stage: refused.Stage, Text: refused.Text}
	}
	return err
}

type session struct {
	*mlpackage.Face
	inner runtimes.Session
}

func (s session) Run(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	out, err := s.Face.Run(ctx, in)
	return out, rename(err)
}

// Trace gives the inner session's times.
func (s session) Trace(ctx context.Context) ([]runtimes.LayerTime, error) {
	t, ok := s.inner.(runtimes.Tracer)
	if !ok {
		return nil, fmt.Errorf("mil: the arithmetic tells no times")
	}
	return t.Trace(ctx)
}
