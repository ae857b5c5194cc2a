package tensorrt

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Left is an engine that stands where a model was converted to again, on a
// machine that can neither build nor run it.
type Left struct {
	Built
	File string // the engine's base name
	Why  string // what makes it useless for the new model, "" where it still fits
}

// Standing describes the engine beside the build file earlier, for the model that
// the build file build asks an engine for, and notes in build what that engine was
// made with, so that the next conversion can tell too. nil without an error means
// that there is none, or none that a build file tells of.
func Standing(build, earlier string) (*Left, error) {
	was := readBuilt(earlier)
	if was == nil {
		return nil, nil
	}
	r, err := readRecipe(build)
	if err != nil {
		return nil, err
	}
	sum, err := hash(filepath.Join(filepath.Dir(earlier), r.Engine))
	if err != nil {
		return nil, nil // it was moved to where it runs
	}
	now := *was // of GPU and version nothing is known here
	now.Flags = strings.Join(r.Flags, " ")
	if now.Model, err = modelSum(filepath.Join(filepath.Dir(build), r.Model)); err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	out := &Left{Built: *was, File: r.Engine, Why: was.stale(now)}
	if sum != was.Engine {
		out.Why = "it is not the engine that its build file tells of"
		return out, nil
	}
	if err := note(build, *was); err != nil {
		return nil, fmt.Errorf("tensorrt: %w", err)
	}
	return out, nil
}

// modelSum identifies a model and, where it has them in a file of their own, its
// weights.
func modelSum(path string) (string, error) {
	sum, err := hash(path)
	if err != nil {
		return "", err
	}
	if data, err := hash(path + ".data"); err == nil {
		sum += "+" + data
	}
	return sum, nil
}
