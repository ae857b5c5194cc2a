package convert

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/target"
	"slipway/profiler/verify"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/project/pipeline"
)

func choice(name string, enabled bool, reason string) project.TargetChoice {
	return project.TargetChoice{Info: target.Info{Name: name}, Enabled: enabled, Reason: reason}
}

func TestStartTextSaysHowManyOrWhyNot(t *testing.T) {
	picked := map[string]bool{"a": true, "b": true}
	for _, c := range []struct {
		targets      []project.TargetChoice
		text, reason string
	}{
		{nil, "Convert", "open a model first"},
		{[]project.TargetChoice{choice("a", true, ""), choice("b", true, "not checked"), choice("c", true, "")}, "Convert to 2 targets", ""},
		{[]project.TargetChoice{choice("a", true, ""), choice("b", false, "no")}, "Convert to 1 target", ""},
		{[]project.TargetChoice{choice("c", true, "")}, "Convert", "pick a target first"},
		{[]project.TargetChoice{choice("a", false, "Loop has no form there")}, "Convert", "Loop has no form there"},
	} {
		if text, reason := startText(c.targets, picked); text != c.text || reason != c.reason {
			t.Errorf("%v: %q, %q", c.targets, text, reason)
		}
	}
}

func TestSameReason(t *testing.T) {
	none := choice("a", false, "open a model first")
	for _, c := range []struct {
		targets []project.TargetChoice
		want    bool
	}{
		{[]project.TargetChoice{none, none}, true},
		{[]project.TargetChoice{none, choice("b", true, "open a model first")}, false},
		{[]project.TargetChoice{none, choice("b", false, "Loop")}, false},
	} {
		if got := sameReason(c.targets); got != c.want {
			t.Errorf("%v: %t", c.targets, got)
		}
	}
}

func TestJobText(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, j := range map[string]jobs.Status{
		"waits for its turn":                     {State: jobs.Queued},
		"passes, 4 %":                            {State: jobs.Running, Stage: "passes", Fraction: 0.04, Started: now.Add(-time.Minute)},
		"write, 50 %, about 10 s left":           {State: jobs.Running, Stage: "write", Fraction: 0.5, Started: now.Add(-10 * time.Second)},
		"done in 1.5 s":                          {State: jobs.Done, Started: now, Ended: now.Add(1500 * time.Millisecond)},
		"failed: Loop is not known":              {State: jobs.Failed, Findings: diag.List{diag.Warnf("w", "slow"), diag.Errorf("e", "Loop is not known")}},
		"failed":                                 {State: jobs.Failed},
		"failed: no such file (a.onnx)":          {State: jobs.Failed, Findings: diag.List{diag.Errorf("e", "no such file").In("/models/a.onnx")}},
		"failed: it broke":                       {State: jobs.Failed, Findings: diag.List{diag.Errorf("e", "it broke\ngoroutine 1"), diag.Errorf("e", "again")}},
		"failed: a (layer x), and 1 more reason": {State: jobs.Failed, Findings: diag.List{diag.Errorf("e", "a").At("x"), diag.Errorf("e", "a").At("y")}},
		"cancelled":                              {State: jobs.Cancelled},
	} {
		if got := jobText(j, now); got != want {
			t.Errorf("%+v: %q, not %q", j, got, want)
		}
	}
}

func TestJobCureIsThatOfTheFailure(t *testing.T) {
	findings := diag.List{diag.Warnf("w", "slow").Suggest("wait"), diag.Errorf("e", "no"), diag.Errorf("f", "full").Suggest("free some space")}
	for want, j := range map[string]jobs.Status{
		"→ free some space": {State: jobs.Failed, Findings: findings},
		"":                  {State: jobs.Done, Findings: findings},
	} {
		if got := jobCure(j); got != want {
			t.Errorf("%s: %q, not %q", j.State, got, want)
		}
	}
	if got := jobCure(jobs.Status{State: jobs.Failed, Findings: findings[:2]}); got != "" {
		t.Errorf("nothing is known: %q", got)
	}
}

func TestDescribeTellsWhatTheRecipeDoes(t *testing.T) {
	r := plan.Default()
	if got := Describe(&r); got != "fp32" {
		t.Errorf("default: %q", got)
	}
	r.Precision, r.Prune.Method, r.Prune.Ratio = "int8", "magnitude", 0.4
	if got := Describe(&r); got != "int8, static (auto), 40 % pruned" {
		t.Errorf("int8, pruned: %q", got)
	}
}

func TestArtefactTextSaysWhyItWasNotVerified(t *testing.T) {
	title := func(name string) string { return map[string]string{"ort": "ONNX Runtime"}[name] }
	v := &project.Variant{Bytes: 2_000_000, Result: &pipeline.Result{Verify: verify.NotRunVerdict("", "no runtime")}}
	if got := artefactText(v, title); got != "2 MB · not verified: no runtime" {
		t.Errorf("not verified: %q", got)
	}
	v.Result.Verify = &verify.Verdict{Verdict: "mismatch", Runtime: "ort", Cosine: 1, Why: "ort refused to open: no such operator"}
	if got := artefactText(v, title); got != "2 MB · ort refused to open: no such operator" {
		t.Errorf("refused: %q", got)
	}
	v.Result.Verify = &verify.Verdict{Verdict: "match", Runtime: "ort", Version: "1.2", MaxRel: 1.25e-7, Cosine: 1}
	if got := artefactText(v, title); !strings.Contains(got, "ONNX Runtime 1.2 · largest error 1.2e-07") {
		t.Errorf("verified: %q", got)
	}
}

func TestJudgedGreysWhatIsKnownToBeRefused(t *testing.T) {
	refused := &plan.Support{Findings: diag.List{diag.Warnf("w", "slow"), diag.Errorf("e", "no layer for Loop"), diag.Errorf("e", "no layer for If")}}
	got := judged([]project.TargetChoice{choice("a", true, ""), choice("b", true, "not verified"), choice("c", false, "no model"), choice("d", true, "")},
		map[string]*plan.Support{"a": {OK: true}, "b": refused, "c": refused})
	for i, want := range []project.TargetChoice{
		choice("a", true, ""), choice("b", false, "cannot be converted: no layer for Loop, and 1 more reason"), choice("c", false, "no model"), choice("d", true, ""),
	} {
		if got[i].Enabled != want.Enabled || got[i].Reason != want.Reason {
			t.Errorf("%s: %+v, want %+v", want.Info.Name, got[i], want)
		}
	}
}

func TestJobsOfOtherModelsAreNotShown(t *testing.T) {
	opened := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	list := []jobs.Status{
		{ID: 4, State: jobs.Done, Created: opened.Add(time.Second)},
		{ID: 3, State: jobs.Running, Created: opened.Add(-time.Second)},
		{ID: 2, State: jobs.Done, Created: opened},
		{ID: 1, State: jobs.Failed, Created: opened.Add(-time.Minute)},
		{ID: 0, Kind: "install", State: jobs.Failed, Created: opened.Add(-time.Minute)},
	}
	for want, m := range map[string]*project.Model{"[3 0 4 2]": {Opened: opened}, "[3 0]": nil} {
		var ids []int64
		for _, j := range jobsOf(list, m) {
			ids = append(ids, j.ID)
		}
		if got := fmt.Sprint(ids); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestJobsStandInTheOrderInWhichTheyComeUp(t *testing.T) {
	var ids []int64
	for _, j := range jobsOf([]jobs.Status{
		{ID: 6, State: jobs.Queued}, {ID: 5, State: jobs.Queued}, {ID: 4, State: jobs.Running}, {ID: 3, State: jobs.Running}, {ID: 2, Kind: "install", State: jobs.Done}, {ID: 1, Kind: "install", State: jobs.Failed},
	}, nil) {
		ids = append(ids, j.ID)
	}
	if got := fmt.Sprint(ids); got != "[3 4 5 6 1 2]" {
		t.Errorf("running, waiting, failed, done: %s", got)
	}
}

func TestBriefLogCountsInOneLine(t *testing.T) {
	log := []string{"open: reading net2", "calibrate: input 1", "calibrate: input 2", "calibrate: input 10", "write: part", "write: part", "verify: sample 1"}
	want := "open: reading net2|calibrate: input 1 … 10|write: part|write: part|verify: sample 1"
	if got := strings.Join(brief(log), "|"); got != want {
		t.Errorf("got %s", got)
	}
}
