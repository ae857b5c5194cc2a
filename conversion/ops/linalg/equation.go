package linalg

import (
	"fmt"
	"sort"
	"strings"
)

// equation is a parsed Einsum equation for operands of known ranks. A label is
// a letter, or a negative number for an axis that an ellipsis stands for,
// counted from the last one.
type equation struct {
	in  [][]rune
	out []rune
}

// parseEquation reads for example "bij,bjk->bik" or "...ij->...". Without an
// arrow the output holds the ellipsis and then the labels that occur once, in
// alphabetical order.
func parseEquation(text string, ranks []int) (*equation, error) {
	text = strings.ReplaceAll(text, " ", "")
	left, right, explicit := strings.Cut(text, "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(ranks) {
		return nil, fmt.Errorf("equation %q has %d terms for %d inputs", text, len(terms), len(ranks))
	}
	e := &equation{}
	wide, count := 0, map[rune]int{}
	for i, t := range terms {
		labels, err := expandTerm(t, ranks[i])
		if err != nil {
			return nil, fmt.Errorf("equation %q: %w", text, err)
		}
		for _, l := range labels {
			count[l]++
			wide = max(wide, -int(l))
		}
		e.in = append(e.in, labels)
	}
	if !explicit {
		for i := wide; i > 0; i-- {
			e.out = append(e.out, rune(-i))
		}
		var once []rune
		for l, n := range count {
			if l > 0 && n == 1 {
				once = append(once, l)
			}
		}
		sort.Slice(once, func(i, j int) bool { return once[i] < once[j] })
		e.out = append(e.out, once...)
		return e, nil
	}
	plain := len(right)
	if strings.Contains(right, "...") {
		plain += wide - 3
	}
	var err error
	if e.out, err = expandTerm(right, plain); err != nil {
		return nil, fmt.Errorf("equation %q: output: %w", text, err)
	}
	seen := map[rune]bool{}
	for _, l := range e.out {
		if count[l] == 0 || seen[l] {
			return nil, fmt.Errorf("equation %q: output label %q is unknown or repeated", text, l)
		}
		seen[l] = true
	}
	return e, nil
}

func expandTerm(t string, rank int) ([]rune, error) {
	before, after, dots := strings.Cut(t, "...")
	for _, l := range before + after {
		if !(l >= 'a' && l <= 'z' || l >= 'A' && l <= 'Z') {
			return nil, fmt.Errorf("label %q is not a letter", l)
		}
	}
	axes := rank - len(before) - len(after)
	if axes < 0 || axes > 0 && !dots {
		return nil, fmt.Errorf("term %q does not fit rank %d", t, rank)
	}
	labels := []rune(before)
	for ; axes > 0; axes-- {
		labels = append(labels, rune(-axes))
	}
	return append(labels, []rune(after)...), nil
}
