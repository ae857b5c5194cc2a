package ort

import "testing"

func TestBesideOnly(t *testing.T) {
	for version, want := range map[string]bool{
		"1.24.1": true, "1.27.0": true, "1.28.0": false, "1.31.1": false, "2.0.0": false, "0.9.9": true, "": true, "unknown": true,
	} {
		if got := besideOnly(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}
