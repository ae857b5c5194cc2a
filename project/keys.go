package project

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

	"slipway/conversion/plan"
	"slipway/profiler/verify"
	"slipway/project/pipeline"
	"slipway/project/store"
	"slipway/runtimes/task"
)

// keyOf identifies a conversion: equal keys give equal artefacts. Where it calibrates
// on a folder, what that holds stands in the key instead of where it lies; before is
// then the key that programs gave which did not look into it, "" elsewhere.
func (s *Studio) keyOf(ctx context.Context, modelHash string, r *plan.Recipe, target string, tk *task.Task) (key, before string, err error) {
	version := s.env.Version + pipeline.Interface(tk, target, r)
	plain := artefactKey(modelHash, r, target, version)
	folder, limit := r.CalibratedOn(target)
	if folder == "" {
		return plain, "", nil
	}
	content, err := pipeline.CalibrationContent(ctx, folder, limit)
	if err != nil {
		return "", "", err
	}
	anywhere := r.Clone()
	anywhere.Quantize.Calibration = ""
	if tk != nil { // it says how pictures become inputs
		b, err := json.Marshal([]any{tk.Kind, tk.Input})
		if err != nil {
			return "", "", err
		}
		content += string(b)
	}
	return artefactKey(modelHash, &anywhere, target, version+"\x00"+content), plain, nil
}

func artefactKey(modelHash string, r *plan.Recipe, target, version string) string {
	sum := sha256.Sum256([]byte(modelHash + "\x00" + r.Key() + "\x00" + target + "\x00" + version))
	return hex.EncodeToString(sum[:])
}

// madeBefore is the artefact of an earlier conversion with these keys that need not
// be made again. One that an earlier program made holds as long as nothing was
// written to its calibration folder since.
func (s *Studio) madeBefore(key, before string, r *plan.Recipe, target string) *Variant {
	v := s.byKey(key, target)
	if v != nil || before == "" {
		return v
	}
	if v = s.byKey(before, target); v == nil {
		return nil
	}
	folder, _ := r.CalibratedOn(target)
	if last, err := pipeline.CalibrationChanged(folder); err != nil || !last.Before(v.Created) {
		return nil
	}
	return v
}

// byKey is the artefact of an earlier conversion that need not be made again:
// it is there, computes what the source computes, and was verified as far as
// that is possible here.
func (s *Studio) byKey(key, target string) *Variant {
	s.mu.Lock()
	w := s.sameFiles(key, target)
	status := s.status
	s.mu.Unlock()
	if w == nil || !w.Usable() {
		return nil
	}
	if _, err := os.Stat(w.Path); err != nil {
		return nil
	}
	if w.Result != nil && w.Result.Verify.Verdict == verify.NotRun {
		for _, t := range s.env.Targets {
			if i := t.Info(); i.Name == target && runs(i, status) {
				return nil
			}
		}
	}
	return w
}

// sameFiles is the artefact whose files a conversion of that key writes, nil
// where there is none. The lock is held.
func (s *Studio) sameFiles(key, target string) *Variant {
	for _, v := range s.variants {
		if v.ID != 0 && filepath.Base(filepath.Dir(v.Path)) == store.Folder(key, target) {
			return v
		}
	}
	return nil
}
