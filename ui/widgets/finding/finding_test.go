package finding

import (
	"testing"
)

func TestBrief(t *testing.T) {
	for text, want := range map[string]string{
		"a short one (with advice)": "a short one (with advice)",
		"ncnn is not available: no usable library found (no package client has it: take a shared library from your system)": "ncnn is not available: no usable library found",
		"a text without brackets stays as it is, however long it may have become by the time that somebody reads it all":    "a text without brackets stays as it is, however long it may have become by the time that somebody reads it all",
	} {
		if got := Brief(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
