package local

import (
	"io/fs"
	"strings"

	"slipway/assets"
	"slipway/runtimes/task"
)

// Labels are the class names that a model of so many classes most probably has,
// nil where none is known: 1000 are ImageNet's, 1001 have a background before
// them. They are for a guessed task, and whoever shows them says so.
func Labels(classes int) []string {
	if classes != 1000 && classes != 1001 {
		return nil
	}
	b, err := fs.ReadFile(assets.Samples(), "labels_1000.txt")
	if err != nil {
		return nil
	}
	l := task.ParseLabels([]byte(strings.TrimSpace(string(b))))
	if classes == 1001 {
		l = append([]string{"background"}, l...)
	}
	return l
}
