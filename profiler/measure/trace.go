package measure

import (
	"context"
	"slices"
	"strings"

	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// traceRuns is how often a model runs while its layers are timed.
const traceRuns = 5

// Trace opens the model once more, with profiling, and returns what each layer
// took, slowest first; nil where the runtime cannot tell. It is apart from the
// timed runs because profiling slows a runtime down. inputs are those of the
// opened model; sources is as for Profile.
func Trace(ctx context.Context, r runtimes.Runtime, m runtimes.Model, o runtimes.Options, inputs []*tensor.Tensor, sources map[string][]string) ([]Layer, error) {
	o.Profile = true
	ses, err := r.Open(ctx, m, o)
	if err != nil {
		return nil, err
	}
	defer ses.Close()
	tracer, ok := ses.(runtimes.Tracer)
	if !ok {
		return nil, nil
	}
	for range traceRuns {
		if _, err := ses.Run(ctx, inputs); err != nil {
			return nil, err
		}
	}
	t, err := tracer.Trace(ctx)
	if err != nil {
		return nil, err
	}
	return Profile(t, sources), nil
}

// origin finds the source layers of what a runtime calls a layer. Runtimes keep
// the name of a layer or of its output and add to it what they made of it, as in
// "conv1/WithoutBiases" or "conv1_out_relu_nchwc": the longest known name that it
// begins with, up to such an addition, is meant.
func origin(layer string, sources map[string][]string) []string {
	for end := len(layer); end > 0; end = strings.LastIndexAny(layer[:end], "/_:") {
		if src, ok := sources[layer[:end]]; ok {
			return src
		}
	}
	return nil
}

// Profile turns a trace into rows, slowest first. sources says from which source
// layers the layers and tensors of the artefact come, by name; see origin.
func Profile(t []runtimes.LayerTime, sources map[string][]string) []Layer {
	total := 0.0
	for _, l := range t {
		total += l.Time.Seconds()
	}
	out := make([]Layer, 0, len(t))
	for _, l := range t {
		src := l.SourceLayers
		if src == nil {
			src = origin(l.Layer, sources)
		}
		if src == nil {
			src = []string{}
		}
		row := Layer{Layer: l.Layer, Type: l.Type, Exec: l.Exec, SourceLayers: src, MS: l.Time.Seconds() * 1e3}
		if total > 0 {
			row.Share = l.Time.Seconds() / total
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b Layer) int {
		switch {
		case a.MS > b.MS:
			return -1
		case a.MS < b.MS:
			return 1
		}
		return 0
	})
	return out
}
