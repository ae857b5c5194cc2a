package diag

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// most is how many layers Where names; the rest is counted.
const most = 6

// Where says which file and which layers a finding is about, in a line.
func (f *Finding) Where() string {
	var where []string
	if f.File != "" {
		where = append(where, filepath.Base(f.File))
	}
	layers := f.Layers
	if f.Layer != "" && !slices.Contains(layers, f.Layer) {
		layers = append([]string{f.Layer}, layers...)
	}
	switch n := len(layers); {
	case n == 1:
		where = append(where, "layer "+layers[0])
	case n > most:
		where = append(where, fmt.Sprintf("%d layers: %s and %d more", n, strings.Join(layers[:most], ", "), n-most))
	case n > 1:
		where = append(where, fmt.Sprintf("%d layers: %s", n, strings.Join(layers, ", ")))
	}
	return strings.Join(where, " · ")
}
