package onnxfile

import (
	"fmt"
	"strconv"
	"strings"

	"slipway/conversion/tensor"
)

// parseTable calls row for each line of a table whose lines have so many columns; sets
// are the sets of element types that stand above the line, which columns name by number.
func parseTable(text string, columns int, row func(f []string, sets []uint32) error) error {
	var sets []uint32
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || f[0] == "#":
		case strings.HasPrefix(f[0], "@"):
			set, err := parseTypes(f[1])
			if err != nil {
				return err
			}
			sets = append(sets, set)
		case len(f) == columns:
			if err := row(f, sets); err != nil {
				return fmt.Errorf("line %q: %w", line, err)
			}
		default:
			return fmt.Errorf("line %q", line)
		}
	}
	return nil
}

// parseSignature reads the columns of inputs and of outputs.
func parseSignature(in, out string, sets []uint32) (ins, outs []uint32, err error) {
	if ins, err = parseSets(in, sets); err == nil {
		outs, err = parseSets(out, sets)
	}
	return ins, outs, err
}

// parseTypes reads a list of element types as a set.
func parseTypes(list string) (set uint32, err error) {
	for _, s := range strings.Split(list, ",") {
		if s == "-" {
			continue
		}
		d, err := tensor.ParseDType(s)
		if err != nil {
			return 0, err
		}
		set |= 1 << d
	}
	return set, nil
}

// parseSets reads a list of numbers of sets.
func parseSets(list string, sets []uint32) ([]uint32, error) {
	if list == "-" {
		return nil, nil
	}
	var out []uint32
	for _, x := range strings.Split(list, ",") {
		n, err := strconv.Atoi(x)
		if err != nil || n >= len(sets) {
			return nil, fmt.Errorf("type set %q", x)
		}
		out = append(out, sets[n])
	}
	return out, nil
}
