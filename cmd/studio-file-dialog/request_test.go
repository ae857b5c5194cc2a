package main

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args string // separated by |
		want request
		says string
	}{
		{"open", request{Kind: "open"}, ""},
		{"folder|--title|Pictures|--dir|/a b", request{Kind: "folder", Title: "Pictures", Dir: "/a b"}, ""},
		{"save|--name=net.onnx", request{Kind: "save", Name: "net.onnx"}, ""},
		{"open|--filter|Models:onnx, .tflite|--filter|All files:*", request{Kind: "open", Filters: []filter{
			{"Models", []string{"onnx", "tflite"}}, {"All files", []string{"*"}},
		}}, ""},
		{"", request{}, "unknown kind"},
		{"close", request{}, `unknown kind of dialog "close"`},
		{"open|--filter|onnx", request{}, "ABOUT:EXT"},
		{"open|--filter|Models:", request{}, "names no extension"},
		{"open|--colour|red", request{}, "colour"},
		{"open|file", request{}, "too much"},
	} {
		got, err := parse(strings.Split(c.args, "|"))
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: got %v, want %q", c.args, err, c.says)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v", c.args, got, err)
		}
	}
	if _, err := parse(nil); err == nil {
		t.Error("no arguments: no error")
	}
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name           string
		show           func(request) (string, error)
		status         int
		stdout, stderr string
	}{
		{"chosen", func(request) (string, error) { return `/a "b"/ü.onnx`, nil }, 0, `{"paths":["/a \"b\"/ü.onnx"]}` + "\n", ""},
		{"cancelled", func(request) (string, error) { return "", errCancelled }, 1, "", ""},
		{"failed", func(request) (string, error) { return "", errors.New("no display") }, 2, "", "no display"},
		{"panicked", func(request) (string, error) { panic("gtk") }, 2, "", "the dialog failed: gtk"},
		{"nothing", func(request) (string, error) { return "", nil }, 2, "", "no path"},
	} {
		var stdout, stderr strings.Builder
		status := run([]string{"open"}, c.show, &stdout, &stderr)
		if status != c.status || stdout.String() != c.stdout || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%s: status %d, stdout %q, stderr %q", c.name, status, stdout.String(), stderr.String())
		}
	}
}
