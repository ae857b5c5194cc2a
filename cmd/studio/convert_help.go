package main

import (
	"fmt"
	"slices"
	"strings"

	"slipway/conversion/options"
	"slipway/conversion/plan"
)

// flagged are the settings of a recipe that have a flag of their own.
var flagged = []string{
	"precision", "quantize.scheme", "quantize.calibrate", "quantize.method", "quantize.keep_float",
	"prune.method", "prune.ratio", "prune.layers", "batch", "layout", "passes", "skip_passes", "samples",
}

// convertHelp is the long help of convert: what stands where afterwards, and the
// settings that --set reaches.
func convertHelp() string {
	var b strings.Builder
	b.WriteString("Converts each model to each target in worker processes, compares every artefact with its source on the target's runtime,\n" +
		"and writes it to DIR/TARGET. What does not compute what the source computes goes to DIR/rejected.\n\nKeys of --set:\n")
	r := plan.Default()
	for _, f := range options.Of(&r) {
		if slices.Contains(flagged, f.Key) {
			continue
		}
		what := f.Title
		if f.Help != "" {
			what += ". " + f.Help
		}
		value := f.Get()
		if len(f.Choices) > 0 {
			value = strings.Join(f.Choices, "|") + ", default " + value
		} else if value != "" {
			value = "default " + value
		}
		if value != "" {
			value = " (" + value + ")"
		}
		fmt.Fprintf(&b, "  %-26s %s%s\n", f.Key, what, value)
	}
	return strings.TrimRight(b.String(), "\n")
}
