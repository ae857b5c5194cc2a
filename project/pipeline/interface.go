package pipeline

import (
	"encoding/json"

	"slipway/conversion/plan"
	"slipway/conversion/target"
	"slipway/runtimes/task"
)

// pictures says how t makes an input of a picture, for targets that take
// pictures; nil where that is only guessed, or where the recipe wants tensors.
func pictures(t *task.Task, to string, r *plan.Recipe) *target.Picture {
	if t == nil || t.Guessed || t.Kind == "" || t.Kind == task.Generic || to != "coreml" || !r.CoreML.Pictures {
		return nil
	}
	in := t.Input
	return &target.Picture{Input: in.Name, Layout: in.Layout, Color: in.Color, Size: in.Size, Mean: in.Mean, Std: in.Std, Range: in.Range}
}

// classes says what the scores of t's model mean; nil where that is not known,
// or where the recipe does not want it in the artefact.
func classes(t *task.Task, to string, r *plan.Recipe) *target.Classes {
	if t == nil || t.Guessed || t.Kind != task.Classify || len(t.Labels) == 0 || to != "coreml" || !r.CoreML.Labels {
		return nil
	}
	return &target.Classes{Output: t.Output.Name, Softmax: t.Output.Softmax, Labels: t.Labels, Offset: t.Output.Offset}
}

// Interface is a text of what a task adds to an artefact of the target, "" where
// it adds nothing: equal models, recipes and texts give equal artefacts.
func Interface(t *task.Task, to string, r *plan.Recipe) string {
	p, c := pictures(t, to, r), classes(t, to, r)
	if p == nil && c == nil {
		return ""
	}
	b, err := json.Marshal([]any{p, c})
	if err != nil {
		panic(err) // plain data always marshals
	}
	return string(b)
}
