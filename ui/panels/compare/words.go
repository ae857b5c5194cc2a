package compare

import (
	"fmt"
	"slices"
	"strings"

	"slipway/units"
)

// fastest is the index of the row with the least median, -1 where none is
// measured.
func fastest(rows []row) int {
	best := -1
	for i, r := range rows {
		if r.bench != nil && (best < 0 || r.bench.P50MS < rows[best].bench.P50MS) {
			best = i
		}
	}
	return best
}

// verdict says in words what the comparison shows.
func verdict(rows []row) string {
	// The source stands for itself by its fastest runtime, so that a runtime's merit is not taken for a conversion's.
	i := -1
	for k, r := range rows {
		if r.variant.ID == 0 && r.bench != nil && (i < 0 || r.bench.P50MS < rows[i].bench.P50MS) {
			i = k
		}
	}
	b := fastest(rows)
	if i < 0 || b < 0 {
		return ""
	}
	src, best := rows[i], rows[b]
	if best.variant.ID == 0 {
		return fmt.Sprintf("Nothing is faster than the source on %s.", best.title)
	}
	mine, its := units.Milliseconds(best.bench.P50MS), units.Milliseconds(src.bench.P50MS)
	s := fmt.Sprintf("%s on %s is the fastest: %s against %s for the source on %s (%.1f times).", best.variant.Title, best.title, mine, its, src.title, src.bench.P50MS/best.bench.P50MS)
	if best.bench.CI95MS[1] >= src.bench.CI95MS[0] {
		s = fmt.Sprintf("No variant is clearly faster than the source on %s, %s: %s on %s takes %s, and their intervals overlap.", src.title, its, best.variant.Title, best.title, mine)
	}
	if best.eval != nil && src.eval != nil && best.eval.DropCI95 != nil && best.eval.Top1 >= 0 {
		d := best.eval.Top1 - src.eval.Top1
		s += fmt.Sprintf(" Its accuracy differs by %+.1f points (95 %%: %+.1f to %+.1f).", d*100, best.eval.DropCI95[0]*100, best.eval.DropCI95[1]*100)
	}
	return s
}

// unmeasured says which artefacts have no latency though others have one, and
// why.
func unmeasured(rows []row) string {
	measured := map[string]bool{}
	for _, r := range rows {
		if r.bench != nil {
			measured[r.variant.Title] = true
		}
	}
	if len(measured) == 0 {
		return ""
	}
	var away, wrong []string
	for _, r := range rows {
		list := &away
		if !r.variant.Usable() {
			list = &wrong
		}
		if r.variant.ID != 0 && !measured[r.variant.Title] && !slices.Contains(*list, r.variant.Title) {
			*list = append(*list, r.variant.Title)
		}
	}
	var text []string
	if len(away) > 0 {
		text = append(text, "Without a latency: "+strings.Join(away, ", ")+". Only a target's own runtime can tell it.")
	}
	if len(wrong) > 0 {
		text = append(text, "Not measured, as they do not compute what the source computes: "+strings.Join(wrong, ", ")+".")
	}
	return strings.Join(text, " ")
}

// doubts says what speaks against the latencies, each doubt once.
func doubts(rows []row) string {
	type doubt struct {
		text string
		rows int
	}
	var list []*doubt
	at := map[string]*doubt{}
	measured := 0
	for _, r := range rows {
		if r.bench == nil {
			continue
		}
		measured++
		for _, w := range r.bench.Warnings {
			key := strings.Map(func(c rune) rune {
				if c >= '0' && c <= '9' {
					return -1
				}
				return c
			}, w)
			if at[key] == nil {
				at[key] = &doubt{text: w}
				list = append(list, at[key])
			}
			at[key].rows++
		}
	}
	var out []string
	for _, d := range list {
		text := strings.ToUpper(d.text[:1]) + d.text[1:]
		if d.rows < measured {
			text += fmt.Sprintf(" (%d of %d rows)", d.rows, measured)
		}
		out = append(out, text+".")
	}
	return strings.Join(out, " ")
}
