package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"slipway/conversion/ir"
	opsall "slipway/conversion/ops/all"
	"slipway/conversion/plan"
	"slipway/conversion/source"
	sourceall "slipway/conversion/source/all"
	"slipway/conversion/source/onnx"
	"slipway/conversion/target"
	targetall "slipway/conversion/target/all"
	"slipway/project"
	"slipway/project/pipeline"
	"slipway/runtimes"
	"slipway/runtimes/all"
	"slipway/runtimes/library"
	"slipway/runtimes/task"
	"slipway/runtimes/worker"
)

// Machine is this machine. Close it at the end: workers live until then.
type Machine struct {
	// Picture draws a graph for reports; nil: reports have none.
	Picture func(ctx context.Context, g *ir.Graph) ([]byte, error)

	pool   *worker.Pool
	config worker.Config

	mu   sync.Mutex
	spun []*worker.Worker // dedicated workers that still run
}

var _ project.Runtimes = (*Machine)(nil)

// New looks at nothing yet: libraries are found and workers started by the first
// call that needs them.
func New() *Machine {
	m := &Machine{}
	m.pool = worker.NewPool(m.config, all.Locate(library.Find))
	return m
}

// Close ends all workers.
func (m *Machine) Close() error {
	m.mu.Lock()
	spun := m.spun
	m.spun = nil
	m.mu.Unlock()
	for _, w := range spun {
		w.Close()
	}
	return m.pool.Close()
}

// Get returns the named runtime in the shared worker for it.
func (m *Machine) Get(name string) (runtimes.Runtime, error) {
	for _, e := range all.Runtimes(library.Find) {
		if e.Name == name {
			if !e.Found {
				return nil, &runtimes.NotAvailableError{Runtime: name, Reason: e.Reason, Cure: e.Cure}
			}
			return m.pool.Get(name), nil
		}
	}
	return nil, &runtimes.NotAvailableError{Runtime: name, Reason: "there is no such runtime", Cure: "studio runtimes list shows them"}
}

// Dedicated returns the named runtime in a worker process of its own, so that
// its memory is that of one model; stop ends it.
func (m *Machine) Dedicated(ctx context.Context, name string) (r runtimes.Runtime, stop func(), err error) {
	lib, err := all.Locate(library.Find)(name)
	if err != nil {
		return nil, nil, err
	}
	c := m.config
	c.Runtime, c.LibraryPath, c.Version = name, lib.Path, lib.Version
	w, err := m.start(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return w.Runtime(), func() { m.end(w) }, nil
}

func (m *Machine) start(ctx context.Context, c worker.Config) (*worker.Worker, error) {
	w, err := worker.Start(ctx, c)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.spun = append(m.spun, w)
	m.mu.Unlock()
	return w, nil
}

func (m *Machine) end(w *worker.Worker) {
	m.mu.Lock()
	for i, o := range m.spun {
		if o == w {
			m.spun = append(m.spun[:i], m.spun[i+1:]...)
			break
		}
	}
	m.mu.Unlock()
	w.Close()
}

// Status checks every runtime, each in its worker, side by side.
func (m *Machine) Status(ctx context.Context) []project.RuntimeStatus {
	entries := all.Runtimes(library.Find)
	out := make([]project.RuntimeStatus, len(entries))
	var wg sync.WaitGroup
	for i, e := range entries {
		out[i] = project.RuntimeStatus{
			Name: e.Name, Title: e.Title, Version: e.Version, Library: e.Path, Origin: e.Origin,
			Loses: e.Loses, Reason: e.Reason, Cure: e.Cure, Devices: []string{}, Formats: []string{},
		}
		if !e.Found {
			continue
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := m.pool.Get(e.Name)
			if err := r.Check(ctx); err != nil {
				out[i].Reason = err.Error()
				var absent *runtimes.NotAvailableError
				if errors.As(err, &absent) {
					out[i].Reason, out[i].Cure = absent.Reason, absent.Cure
				}
				return
			}
			info := r.Info()
			out[i].OK, out[i].Devices, out[i].Formats = true, info.Devices, info.Formats
			if info.Version != "" {
				out[i].Version = info.Version
			}
		}()
	}
	wg.Wait()
	return out
}

// Pipeline is the conversion road of this machine.
func (m *Machine) Pipeline() *pipeline.Env {
	return &pipeline.Env{
		Convert: m.Convert, Runtime: m.Get, Tensors: calibrationTensors, Round: onnx.RoundWeights, Wiring: wiringOf, Engine: m.buildEngine,
		Target: func(name string) target.Target {
			t, err := targetall.Get(name)
			if err != nil {
				return nil
			}
			return t
		},
	}
}

// Convert runs one conversion in a worker process of its own, which is ended
// afterwards: a conversion that dies takes nothing with it, and its memory is
// given back.
func (m *Machine) Convert(ctx context.Context, r plan.Request, t *task.Task, progress func(plan.Event)) (*plan.Report, error) {
	payload, err := json.Marshal(job{Request: r, Task: t})
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	w, err := m.start(ctx, m.config)
	if err != nil {
		return nil, err
	}
	defer m.end(w)
	out, err := w.Job(ctx, jobConvert, payload, func(b []byte) {
		var e plan.Event
		if json.Unmarshal(b, &e) == nil && progress != nil {
			progress(e)
		}
	})
	if err != nil {
		return nil, err
	}
	rep := &plan.Report{}
	if err := json.Unmarshal(out, rep); err != nil {
		return nil, fmt.Errorf("local: the worker's report: %w", err)
	}
	return rep, nil
}

// Open opens a model file of any format that can be read, in this process.
func Open(ctx context.Context, path string, o source.Options) (*source.Model, error) {
	o.Registry = opsall.Registry()
	return sourceall.Open(ctx, path, o)
}

// DataDir is where the studio keeps projects that have no place of their own.
func DataDir() (string, error) {
	if d := os.Getenv("XDG_DATA_HOME"); d != "" && filepath.IsAbs(d) {
		return filepath.Join(d, "slipway"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("local: %w", err)
	}
	return filepath.Join(home, ".local", "share", "slipway"), nil
}

// Studio makes the application over this machine.
func (m *Machine) Studio(version, dataDir string) *project.Studio {
	return project.New(project.Env{
		Open: Open, Pipeline: m.Pipeline(), Runtimes: m, Targets: targetall.Targets(), Labels: Labels, Support: supportOpen, Picture: m.Picture, Version: version, DataDir: dataDir,
	})
}
