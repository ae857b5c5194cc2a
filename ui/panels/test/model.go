package test

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"slipway/project"
	"slipway/runtimes"
	"slipway/runtimes/task"
	"slipway/units"
)

// rowState names everything that a picture's row shows: equal states look equal.
func rowState(p *project.Picture, thumb, dark bool, variant func(int64) *project.Variant, runtime func(string) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%t %t %t %v", thumb, dark, p.Done, p.Err)
	for _, c := range p.Cells {
		fmt.Fprintf(&b, "|%d %s %s %v %v", c.Variant, runtime(c.Runtime), c.Took, c.Err, c.Predictions)
		if v := variant(c.Variant); v != nil {
			b.WriteString(v.Title)
		} else {
			b.WriteString("gone")
		}
	}
	return b.String()
}

// absent reports whether an answer is missing because its runtime is. An error
// that was stored and read again is known by its words alone.
func absent(err error) bool {
	var a *runtimes.NotAvailableError
	return errors.As(err, &a) || strings.Contains(err.Error(), " is not available: ")
}

// differs reports whether the best answer is another than the source's.
func differs(source, answer []task.Prediction) bool {
	return len(source) > 0 && len(answer) > 0 && source[0].Index != answer[0].Index
}

// fit is the longest beginning of a text for which ok holds, with an ellipsis
// where it is not all of it.
func fit(s string, ok func(string) bool) string {
	if ok(s) {
		return s
	}
	r := []rune(s)
	n := sort.Search(len(r), func(i int) bool { return !ok(string(r[:i+1]) + "…") })
	return strings.TrimRight(string(r[:n]), " ,") + "…"
}

func scoreText(s float64) string {
	if s >= 0 && s <= 1 {
		return units.Percent(s)
	}
	return fmt.Sprintf("%.3g", s)
}
