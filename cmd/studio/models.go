package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"slipway/conversion/diag"
	"slipway/project"
	"slipway/project/local"
	"slipway/runtimes"
	"slipway/runtimes/all"
	"slipway/runtimes/task"
)

// formatOf tells by its name which target wrote a model file.
func formatOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xml":
		return "openvino"
	case ".tflite":
		return "tflite"
	case ".mlpackage":
		return "coreml"
	case ".param":
		return "ncnn"
	}
	return "onnx"
}

// runtimesOf lists the working runtimes that open a model file: those that were
// asked for, or all but the built-in reference, which is the last resort. What
// was asked for and cannot be had is an error.
func (a *app) runtimesOf(ctx context.Context, path string, asked []string) ([]project.RuntimeStatus, error) {
	format := formatOf(path)
	status := a.machine.Status(ctx)
	var out []project.RuntimeStatus
	for _, name := range asked {
		i := slices.IndexFunc(status, func(s project.RuntimeStatus) bool { return s.Name == name })
		if i < 0 {
			return nil, usagef("there is no runtime %q", name)
		}
		s := status[i]
		if !s.OK {
			return nil, &runtimes.NotAvailableError{Runtime: name, Reason: s.Reason, Cure: s.Cure}
		}
		if !slices.Contains(s.Formats, format) {
			return nil, diag.Errorf("runtime.format", "%s does not open %s models", s.Title, format).In(path)
		}
		out = append(out, s)
	}
	if len(asked) > 0 {
		return out, nil
	}
	for _, s := range status {
		if s.OK && s.Name != "reference" && slices.Contains(s.Formats, format) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		for _, s := range status {
			if s.Name == "reference" && slices.Contains(s.Formats, format) {
				out = append(out, s)
			}
		}
	}
	if len(out) == 0 {
		return nil, diag.Errorf("runtime.none", "no runtime found here opens %s models", format).In(path).
			Suggest("studio runtimes list says how to get one")
	}
	return out, nil
}

// preferredFor is the runtime that a model file is run on when none was asked
// for: its own target's.
func preferredFor(path string, have []project.RuntimeStatus) project.RuntimeStatus {
	want := all.ForTarget(formatOf(path))
	for _, s := range have {
		if s.Name == want {
			return s
		}
	}
	return have[0]
}

// opened is a model on its runtime.
type opened struct {
	path    string
	runtime project.RuntimeStatus
	ses     runtimes.Session
}

func (a *app) open(ctx context.Context, path string, asked []string, o runtimes.Options) (*opened, error) {
	have, err := a.runtimesOf(ctx, path, asked)
	if err != nil {
		return nil, err
	}
	s := preferredFor(path, have)
	r, err := a.machine.Get(s.Name)
	if err != nil {
		return nil, err
	}
	ses, err := r.Open(ctx, runtimes.Model{Path: path, Format: formatOf(path)}, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &opened{path, s, ses}, nil
}

// taskOf is the task of a model: the file that was named, the one beside the
// model, or a guess, which is said on stderr. what is --task: a kind or a file.
func (a *app) taskOf(model, what, labels string, ses runtimes.Session) (*task.Task, error) {
	var t *task.Task
	var err error
	kind := task.Kind(what)
	if strings.ContainsAny(what, "./") {
		if t, err = task.Load(what); err != nil {
			return nil, usageError{err}
		}
		kind = t.Kind
	} else if t, err = task.Find(model); err != nil {
		return nil, err
	}
	if t == nil {
		var note string
		t, note = task.Guess(ses.Inputs(), ses.Outputs())
		if t.Kind == task.Classify && t.Labels == nil {
			t.Labels = local.Labels(task.Classes(ses.Outputs()))
		}
		fmt.Fprintf(a.err, "studio: %s: %s\n", model, note)
	}
	if what != "" {
		t.Kind = kind
		if err := t.Check(); err != nil {
			return nil, usageError{err}
		}
	}
	if labels != "" {
		b, err := os.ReadFile(labels)
		if err != nil {
			return nil, usageError{err}
		}
		t.Labels = task.ParseLabels(b)
	}
	return t, nil
}
