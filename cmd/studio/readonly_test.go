//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"slipway/project/projecttest"
	"slipway/project/store"
)

// TestReadOnlyFolder gives the program to a user who may write nothing where the
// model lies: it is inspected, converted to elsewhere, and its project is reported;
// nothing is left beside it.
func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
	const nobody = 65534
	dir, out := t.TempDir(), t.TempDir()
	model := projecttest.Write(t, dir, "net", projecttest.Net)
	project := filepath.Join(dir, "net"+store.Extension)
	db, err := store.Open(project)
	if err == nil {
		err = db.Set("model", model)
	}
	if err == nil {
		err = db.Close()
	}
	program := filepath.Join(dir, "program") // that user may not look where go test put it
	for _, e := range []error{err, os.Link(os.Args[0], program), os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(out, 0o777)} {
		if e != nil {
			t.Fatal(e)
		}
	}
	before, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) outcome {
		t.Helper()
		c := command(t, args...)
		c.Path = program
		c.Env = append(c.Env, "HOME="+out, "TMPDIR="+out)
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		return finish(t, c)
	}
	run("inspect", model, "--target", "all", "--precision", "int8", "--json").want(t, 0)
	run("convert", model, "--to", "onnx", "-o", filepath.Join(out, "elsewhere"), "--json").want(t, 0)
	if o := run("convert", model, "--to", "onnx", "-o", filepath.Join(dir, "beside")).want(t, 1); !strings.Contains(o.stdout, "no right to write in "+dir) {
		t.Errorf("beside the model: %s", o.stdout)
	}
	run("report", project, "-o", filepath.Join(out, "report.html"), "--json").want(t, 0)
	if after, _ := filepath.Glob(filepath.Join(dir, "*", "*")); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Errorf("there was %v, there is %v", before, after)
	}
	for _, f := range []string{"elsewhere/onnx/net.onnx", "report.html"} {
		if _, err := os.Stat(filepath.Join(out, f)); err != nil {
			t.Error(err)
		}
	}
}
