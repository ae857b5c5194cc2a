package all

import (
	"context"
	"errors"
	"fmt"

	"slipway/conversion/ir"
	opsall "slipway/conversion/ops/all"
	schema "slipway/conversion/schema/mil"
	"slipway/conversion/source"
	sourceall "slipway/conversion/source/all"
	milsource "slipway/conversion/source/coreml"
	"slipway/runtimes"
	"slipway/runtimes/coreml"
	"slipway/runtimes/library"
	"slipway/runtimes/litert"
	"slipway/runtimes/mil"
	"slipway/runtimes/ncnn"
	"slipway/runtimes/openvino"
	"slipway/runtimes/ort"
	"slipway/runtimes/reference"
	"slipway/runtimes/worker"
)

// runtime is one line of the list.
type runtime struct {
	name    string
	title   string
	library string   // library.Spec's name; "" where it is built in
	targets []string // the targets whose artefacts it checks
	make    func(path string) runtimes.Runtime
}

// list is in the order in which people see it.
var list = []runtime{
	{reference.Name, "Built-in reference", "", nil, func(string) runtimes.Runtime { return builtIn() }},
	{ort.Name, "ONNX Runtime", "onnxruntime", []string{"onnx", "tensorrt"}, ort.New},
	{openvino.Name, "OpenVINO", "openvino", []string{"openvino"}, openvino.New},
	{litert.Name, "LiteRT", "litert", []string{"tflite"}, litert.New},
	{ncnn.Name, "ncnn", "ncnn", []string{"ncnn"}, ncnn.New},
	{coreml.Name, coreml.Title, "", []string{"coreml"}, coreml.New},
	{mil.Name, mil.Title, "", []string{"coreml"}, func(string) runtimes.Runtime { return coreML() }},
}

// Find looks for a vendor library; library.Find is the one to use.
type Find func(name string) (library.Found, error)

// Entry says of one runtime whether it can be used here.
type Entry struct {
	Name    string   `json:"name"`    // the key in all calls and options
	Title   string   `json:"title"`   // for people
	Library string   `json:"library"` // the name to install it by; "" where it is built in
	Targets []string `json:"targets"` // the targets whose artefacts it checks
	Found   bool     `json:"found"`
	Path    string   `json:"path,omitempty"`
	Version string   `json:"version,omitempty"` // as its package tells
	Origin  string   `json:"origin,omitempty"`  // where it was found
	Reason  string   `json:"reason,omitempty"`  // why it was not found
	Loses   string   `json:"loses,omitempty"`   // what does not work without it
	Cure    string   `json:"cure,omitempty"`    // how to get it
}

// Runtimes lists all runtimes with what find says about their libraries. Nothing
// is loaded: whether a library that was found works, Check says in a worker.
func Runtimes(find Find) []Entry {
	var out []Entry
	for _, r := range list {
		e := Entry{Name: r.name, Title: r.title, Library: r.library, Targets: r.targets}
		if r.name == coreml.Name {
			out = append(out, system(e))
			continue
		}
		if r.library == "" {
			e.Found, e.Origin = true, "built in"
			out = append(out, e)
			continue
		}
		if spec, ok := library.Lookup(r.library); ok {
			e.Loses = spec.Loses
		}
		f, err := find(r.library)
		if err == nil {
			e.Found, e.Path, e.Version, e.Origin = true, f.Path, f.Version, f.Origin
		} else {
			absent := notAvailable(r, err)
			e.Reason, e.Cure = absent.Reason, absent.Cure
		}
		out = append(out, e)
	}
	return out
}

// system completes the entry of Core ML, which is part of one system.
func system(e Entry) Entry {
	e.Loses = coreml.Loses
	path, err := coreml.Find()
	var absent *runtimes.NotAvailableError
	switch {
	case err == nil:
		e.Found, e.Path, e.Origin = true, path, "macOS"
	case errors.As(err, &absent):
		e.Reason, e.Cure = absent.Reason, absent.Cure
	default:
		e.Reason = err.Error()
	}
	return e
}

func notAvailable(r runtime, err error) *runtimes.NotAvailableError {
	cure := "studio runtimes install " + r.library
	var missing *library.NotFoundError
	if errors.As(err, &missing) {
		cure = missing.Suggestion()
	}
	return &runtimes.NotAvailableError{Runtime: r.name, Reason: err.Error(), Cure: cure}
}

// ForTarget is the name of the runtime that checks a target's artefacts, ""
// where there is none here.
func ForTarget(target string) string {
	for _, r := range list {
		if _, err := coreml.Find(); r.name == coreml.Name && err != nil {
			continue // another one checks packages
		}
		for _, t := range r.targets {
			if t == target {
				return r.name
			}
		}
	}
	return ""
}

// Locate tells a worker.Pool where a runtime's library lies.
func Locate(find Find) func(name string) (worker.Library, error) {
	return func(name string) (worker.Library, error) {
		r, err := lookup(name)
		if err != nil {
			return worker.Library{}, err
		}
		lib := worker.Library{Title: r.title}
		if r.library == "" {
			return lib, nil
		}
		f, err := find(r.library)
		if err != nil {
			return lib, notAvailable(r, err)
		}
		lib.Path, lib.Version = f.Path, f.Version
		return lib, nil
	}
}

// Direct makes the named runtime in this process, with its library at path,
// which is not loaded before the first call that needs it. It is meant for
// worker processes (guest.Guest.Open).
func Direct(name, path string) (runtimes.Runtime, error) {
	r, err := lookup(name)
	if err != nil {
		return nil, err
	}
	return r.make(path), nil
}

func lookup(name string) (runtime, error) {
	var known []string
	for _, r := range list {
		if r.name == name {
			return r, nil
		}
		known = append(known, r.name)
	}
	return runtime{}, fmt.Errorf("there is no runtime %q; there are %v", name, known)
}

// builtIn is the reference runtime over everything that this program can read.
func builtIn() runtimes.Runtime {
	var formats []string
	for _, s := range sourceall.Sources() {
		formats = append(formats, s.Name())
	}
	return computes(sourceall.Open, formats...)
}

// coreML is the reference arithmetic over Core ML packages.
func coreML() runtimes.Runtime {
	return mil.New(func(decoded func(*schema.Model)) runtimes.Runtime {
		return computes(milsource.Source{Decoded: decoded}.Open, "coreml")
	})
}

// computes is the reference runtime over the models that open reads.
func computes(open func(context.Context, string, source.Options) (*source.Model, error), formats ...string) runtimes.Runtime {
	return reference.New(func(ctx context.Context, path string) (*ir.Graph, func() error, error) {
		m, err := open(ctx, path, source.Options{Registry: opsall.Registry()})
		if err != nil {
			// A finding does not say that it was the context which ended.
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return nil, nil, err
		}
		return m.Graph, m.Close, nil
	}, opsall.Registry(), formats...)
}

// Library is the name by which the library of a runtime is installed; "" for the
// built-in one and for unknown names.
func Library(runtime string) string {
	for _, r := range list {
		if r.name == runtime {
			return r.library
		}
	}
	return ""
}
