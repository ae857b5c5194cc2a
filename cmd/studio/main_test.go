package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain makes the test binary the program itself, where it is asked to be:
// called by the tests below, and as the worker of those calls.
func TestMain(m *testing.M) {
	if os.Getenv("STUDIO_TEST_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}

// outcome is what one call of the program did.
type outcome struct {
	code           int
	stdout, stderr string
}

// command prepares a call of the program. It finds neither a display nor the
// user's settings.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	home := t.TempDir()
	c.Env = append(os.Environ(), "STUDIO_TEST_PROGRAM=1", "DISPLAY=", "WAYLAND_DISPLAY=", "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home)
	c.Dir = home
	return c
}

// studio runs the program and waits for its end.
func studio(t *testing.T, args ...string) outcome {
	t.Helper()
	return finish(t, command(t, args...))
}

func finish(t *testing.T, c *exec.Cmd) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{c.ProcessState.ExitCode(), out.String(), errs.String()}
	if strings.Contains(o.stderr, "goroutine ") || strings.Contains(o.stdout, "goroutine ") {
		t.Errorf("%q printed a stack trace:\n%s%s", c.Args[1:], o.stdout, o.stderr)
	}
	return o
}

// want fails the test at another exit status.
func (o outcome) want(t *testing.T, code int) outcome {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit status %d, want %d\n%s%s", o.code, code, o.stdout, o.stderr)
	}
	return o
}

// document decodes stdout, which must be exactly one JSON document.
func (o outcome) document(t *testing.T) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(o.stdout))
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		t.Fatalf("%v in %q; stderr %s", err, o.stdout, o.stderr)
	}
	if d.More() {
		t.Fatalf("more than one document on stdout: %s", o.stdout)
	}
	return doc
}

// keys fails the test where an object lacks one of the contract's keys, and
// returns the object.
func keys(t *testing.T, v any, names ...string) map[string]any {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%v is no object", v)
	}
	for _, n := range names {
		if _, ok := m[n]; !ok {
			t.Errorf("the key %q is missing", n)
		}
	}
	return m
}

// rows is a list of objects, not empty.
func rows(t *testing.T, v any) []any {
	t.Helper()
	l, ok := v.([]any)
	if !ok || len(l) == 0 {
		t.Fatalf("%v is no list, or an empty one", v)
	}
	return l
}

// codes lists the findings' codes.
func codes(t *testing.T, findings any) []string {
	t.Helper()
	var out []string
	l, ok := findings.([]any)
	if !ok {
		t.Fatalf("findings %v", findings)
	}
	for _, f := range l {
		out = append(out, keys(t, f, "code", "severity", "text")["code"].(string))
	}
	return out
}

// hidden lists what a call left in a folder that has no final name.
func hidden(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && p != dir && strings.HasPrefix(e.Name(), ".") {
			out = append(out, p)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	return out
}
