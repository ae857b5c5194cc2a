package ui

import (
	"fmt"
	"strings"

	"slipway/project"
	"slipway/project/settings"
	"slipway/units"
)

// noteResult writes the newest result beside the model in the recent list.
func (u *UI) noteResult() {
	m := u.o.Studio.Model()
	if m == nil {
		return
	}
	note := Note(u.o.Studio.Variants(), u.o.Studio.BenchRows())
	u.try(u.o.Settings.Update(func(s *settings.Settings) {
		for i := range s.Recent {
			if s.Recent[i].Path == m.Path {
				s.Recent[i].Note = note
			}
		}
	}))
}

// Note puts what was reached with a model into a few words: how many artefacts,
// their verdicts where not all match, and the fastest.
func Note(variants []*project.Variant, bench []project.BenchRow) string {
	count := map[string]int{}
	n := 0
	titles := map[int64]string{}
	for _, v := range variants {
		titles[v.ID] = v.Title
		if v.ID != 0 && v.Result != nil && v.Result.Verify != nil {
			n++
			count[v.Result.Verify.Verdict]++
		}
	}
	if n == 0 {
		return ""
	}
	text := fmt.Sprintf("%d artefacts", n)
	if n == 1 {
		text = "1 artefact"
	}
	var parts []string
	for _, verdict := range []string{"mismatch", "drift", "not-run", "match"} {
		if c := count[verdict]; c > 0 && (c < n || verdict != "match") {
			parts = append(parts, fmt.Sprintf("%d %s", c, strings.ReplaceAll(verdict, "-", " ")))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "match")
	}
	text += ": " + strings.Join(parts, ", ")
	best := -1
	for i := range bench {
		if best < 0 || bench[i].P50MS < bench[best].P50MS {
			best = i
		}
	}
	if best >= 0 {
		text += fmt.Sprintf(" · fastest %s, %s", titles[bench[best].Variant], units.Milliseconds(bench[best].P50MS))
	}
	return text
}
