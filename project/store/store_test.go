package store

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"slipway/conversion/diag"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func publish(t *testing.T, s *Store, text string) *Variant {
	t.Helper()
	p, err := s.Private()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p, "net.onnx"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	v := &Variant{Key: strings.Repeat(text, 16), Target: "onnx", Title: text, Report: []byte("{}")}
	if err := s.Publish(p, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWhatWasRecordedIsThereAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p"+Extension)
	s := open(t, dir)
	v := publish(t, s, "a")
	if err := s.Set("recipe", "x: 1"); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := s.AddResult(&Result{Variant: v.ID, Kind: "bench", Runtime: "ort", Body: []byte(strconv.Itoa(i))}); err != nil {
			t.Fatal(err)
		}
	}
	left, _ := s.Private()
	s.Close()
	s = open(t, dir)
	defer s.Close()
	if got, _ := s.Get("recipe"); got != "x: 1" {
		t.Errorf("recipe %q", got)
	}
	vs, err := s.Variants()
	if err != nil || len(vs) != 1 || vs[0].Title != "a" || vs[0].Created.IsZero() {
		t.Errorf("%+v %v", vs, err)
	}
	if r, err := s.Results("bench"); err != nil || len(r) != 1 || string(r[0].Body) != "1" {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("an unfinished folder is still there")
	}
	if err := s.Delete(vs[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, vs[0].Dir)); err == nil {
		t.Error("the artefact of a deleted variant is still there")
	}
}

func TestRefusals(t *testing.T) {
	code := func(err error) string {
		var f *diag.Finding
		if errors.As(err, &f) {
			return f.Code
		}
		return fmt.Sprint(err)
	}
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "a"))
	if _, err := Open(filepath.Join(dir, "a")); code(err) != "project.locked" {
		t.Errorf("second opener: %v", err)
	}
	if _, err := s.db.Exec("PRAGMA user_version=99"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(filepath.Join(dir, "a")); code(err) != "project.newer" {
		t.Errorf("newer: %v", err)
	}
	os.MkdirAll(filepath.Join(dir, "b"), 0o755)
	os.WriteFile(filepath.Join(dir, "b", "project.db"), []byte(strings.Repeat("not a database", 500)), 0o644)
	if _, err := Open(filepath.Join(dir, "b")); code(err) != "project.damaged" {
		t.Errorf("damaged: %v", err)
	}
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o644)
	os.MkdirAll(filepath.Join(dir, "c", "project.lock"), 0o755)
	os.MkdirAll(filepath.Join(dir, "d", "project.db"), 0o755)
	for _, p := range []string{file, filepath.Join(file, "below"), filepath.Join(dir, "c"), filepath.Join(dir, "d")} {
		_, err := Open(p)
		var f *diag.Finding
		if !errors.As(err, &f) || f.Code != "project.folder" || !strings.Contains(f.Error(), dir) || f.Suggestion == "" {
			t.Errorf("%s: %v", p, err)
		}
	}
	s = open(t, filepath.Join(dir, "e"))
	os.RemoveAll(filepath.Join(s.Dir(), "artefacts"))
	os.WriteFile(filepath.Join(s.Dir(), "artefacts"), nil, 0o644)
	if _, err := s.Private(); code(err) != "project.disk" || strings.Contains(err.Error(), ".private") {
		t.Errorf("a file for artefacts: %v", err)
	}
}

// TestMain lets the test binary play the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("STORE_TEST_WRITER"); dir != "" {
		s, err := Open(dir)
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		for i := 0; ; i++ {
			if err := s.Set("n", strconv.Itoa(i)); err != nil {
				os.Exit(1)
			}
			fmt.Println(i) // acknowledged
		}
	}
	os.Exit(m.Run())
}

func TestKilledWriterLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	for round := range 8 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "STORE_TEST_WRITER="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		last, lines := -1, bufio.NewScanner(out)
		for lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatal(lines.Text())
			}
			if last = n; last == 3+7*round {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
		s := open(t, dir)
		got, err := s.Get("n")
		s.Close()
		n, _ := strconv.Atoi(got)
		if err != nil || n < last || n > last+1 {
			t.Fatalf("acknowledged %d, found %q (%v)", last, got, err)
		}
	}
}
