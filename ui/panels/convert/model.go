package convert

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/profiler/verify"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/units"
)

// judged greys the targets that are known to refuse the model, with the reason.
func judged(targets []project.TargetChoice, support map[string]*plan.Support) []project.TargetChoice {
	out := slices.Clone(targets)
	for i, c := range out {
		if s := support[c.Info.Name]; c.Enabled && s != nil && !s.OK {
			out[i].Enabled = false
			out[i].Reason = s.Brief()
		}
	}
	return out
}

// jobsOf are the jobs that concern the open model: those since it was opened,
// those that still run, and installations, by their place. What runs or waits
// stands in its order, what ended newest first.
func jobsOf(list []jobs.Status, m *project.Model) []jobs.Status {
	var out []jobs.Status
	for _, j := range list {
		if !j.State.Ended() || j.Kind == "install" || m != nil && !j.Created.Before(m.Opened) {
			out = append(out, j)
		}
	}
	slices.SortStableFunc(out, func(a, b jobs.Status) int {
		if c := cmp.Compare(place(a), place(b)); c != 0 {
			return c
		}
		if a.State.Ended() {
			return cmp.Compare(b.ID, a.ID)
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return out
}

// place is a job's place among others: what runs, what waits, what failed, and
// from past on what needs nobody any more.
func place(j jobs.Status) int {
	switch j.State {
	case jobs.Running:
		return 0
	case jobs.Queued:
		return 1
	case jobs.Failed:
		return 2
	}
	return past
}

const past = 3

// brief is a log in which lines that only count on are one: "input 1 … 100".
func brief(log []string) []string {
	count := func(line string) (before, number string) {
		before = strings.TrimRight(line, "0123456789")
		return before, line[len(before):]
	}
	var out []string
	for i := 0; i < len(log); i++ {
		before, first := count(log[i])
		end := i
		for first != "" && end+1 < len(log) {
			b, n := count(log[end+1])
			if b != before || n == "" {
				break
			}
			end++
		}
		line := log[i]
		if end > i {
			_, last := count(log[end])
			line += " … " + last
		}
		out = append(out, line)
		i = end
	}
	return out
}

// chosen are the names of the targets that are picked and can be chosen now.
func chosen(targets []project.TargetChoice, picked map[string]bool) []string {
	var out []string
	for _, c := range targets {
		if c.Enabled && picked[c.Info.Name] {
			out = append(out, c.Info.Name)
		}
	}
	return out
}

// uncalibrated says what the picked targets lack for int8, nil where they lack
// nothing.
func uncalibrated(r *plan.Recipe, targets []string) *diag.Finding {
	for _, t := range targets {
		if f := r.Uncalibrated(t); f != nil {
			return f
		}
	}
	return nil
}

// startText is what the button says, and why it is greyed, "" where it is not.
func startText(targets []project.TargetChoice, picked map[string]bool) (text, reason string) {
	switch n := len(chosen(targets, picked)); {
	case n > 0:
		return fmt.Sprintf("Convert to %d %s", n, plural(n, "target", "targets")), ""
	case !anyEnabled(targets):
		for _, c := range targets {
			if c.Reason != "" {
				return "Convert", c.Reason
			}
		}
		return "Convert", "open a model first"
	}
	return "Convert", "pick a target first"
}

func anyEnabled(targets []project.TargetChoice) bool {
	for _, c := range targets {
		if c.Enabled {
			return true
		}
	}
	return false
}

// sameReason reports whether no target can be chosen and all for one reason,
// such as that no model is open.
func sameReason(targets []project.TargetChoice) bool {
	for _, c := range targets {
		if c.Enabled || c.Reason != targets[0].Reason {
			return false
		}
	}
	return true
}

// jobText is where a job stands, in words.
func jobText(j jobs.Status, now time.Time) string {
	switch j.State {
	case jobs.Queued:
		return "waits for its turn"
	case jobs.Running:
		text := fmt.Sprintf("%s, %.0f %%", j.Stage, j.Fraction*100)
		if eta := j.ETA(now); eta > 2*time.Second {
			text += ", about " + units.Duration(eta.Round(time.Second)) + " left"
		}
		return text
	case jobs.Done:
		return "done in " + units.Duration(j.Ended.Sub(j.Started))
	case jobs.Failed:
		if e := j.Findings.Errors(); len(e) > 0 {
			text, _, _ := strings.Cut(e[0].Text, "\n") // the details have all of it
			if w := e[0].Where(); w != "" {
				text += " (" + w + ")"
			}
			more := 0
			for _, f := range e[1:] {
				if f.Code != e[0].Code || f.Layer != e[0].Layer {
					more++
				}
			}
			if more > 0 {
				text += fmt.Sprintf(", and %d more %s", more, plural(more, "reason", "reasons"))
			}
			return "failed: " + text
		}
	}
	return string(j.State)
}

// jobCure says what to do about a failed job, "" where nothing is known.
func jobCure(j jobs.Status) string {
	if j.State != jobs.Failed {
		return ""
	}
	for _, f := range j.Findings.Errors() {
		if f.Suggestion != "" {
			return "→ " + f.Suggestion
		}
	}
	return ""
}

// artefactText is what is known of an artefact beside its verdict.
func artefactText(v *project.Variant, runtime func(name string) string) string {
	text := units.Bytes(v.Bytes)
	r := v.Result
	if r == nil || r.Verify == nil {
		return text
	}
	if r.Verify.Verdict == verify.Mismatch && r.Verify.Samples == 0 { // it came to no numbers
		return text + " · " + briefly(r.Verify.Why)
	}
	if r.Verify.Verdict == verify.NotRun {
		if r.Verify.Why != "" {
			text += " · not verified: " + briefly(r.Verify.Why)
		}
		return text
	}
	by := runtime(r.Verify.Runtime)
	if v := r.Verify.Version; v != "" && v != "dev" { // the program's own has no version in a working tree
		by += " " + v
	}
	return text + fmt.Sprintf(" · %s · largest error %.2g of the range · cosine %.5f", by, r.Verify.MaxRel, r.Verify.Cosine)
}

// briefly leaves out the advice in brackets, which the details have.
func briefly(text string) string {
	if i := strings.Index(text, " ("); i > 0 {
		return text[:i]
	}
	return text
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Describe puts a recipe into a few words.
func Describe(r *plan.Recipe) string {
	s := r.Precision
	if r.Precision == "int8" {
		s += ", " + r.Quantize.Scheme
		if r.Quantize.Scheme == "static" {
			s += " (" + r.Quantize.Method + ")"
			if c := r.Quantize.Calibration; c != "" {
				s += ", calibrated on " + filepath.Base(c)
			}
		}
	}
	switch r.Prune.Method {
	case "magnitude":
		s += fmt.Sprintf(", %.0f %% pruned", r.Prune.Ratio*100)
	case "2:4":
		s += ", 2:4 pruned"
	}
	return s
}
