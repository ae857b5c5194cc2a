package tensorrt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"slipway/runtimes"
	"slipway/scratch"
)

// Provider is ONNX Runtime with a TensorRT provider, and the GPU.
type Provider struct {
	Runtime runtimes.Runtime
	GPU     GPU
}

func (p *Provider) gpu() GPU { return p.GPU }

func (p *Provider) version(ctx context.Context) (string, error) {
	if err := p.Runtime.Check(ctx); err != nil {
		return "", err
	}
	return "of ONNX Runtime " + p.Runtime.Info().Version, nil
}

// make opens the model on the provider, which builds the engine and keeps it in
// a folder. A network that it cuts into pieces is refused, as there is no one
// engine then.
func (p *Provider) make(ctx context.Context, dir string, r recipe, progress func(share float64, stage string)) error {
	kept, remove, err := scratch.In(dir, ".engine-")
	if err != nil {
		return err
	}
	defer remove()
	progress(0.05, "building in ONNX Runtime")
	s, err := p.Runtime.Open(ctx, runtimes.Model{Path: filepath.Join(dir, r.Model), Format: "onnx"}, runtimes.Options{Device: "TensorRT", Extra: r.settings(kept)})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(kept, "*.engine"))
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return runtimes.Refuse(Name, "build the engine", "ONNX Runtime's provider made %d engines of the network, one is wanted", len(found))
	}
	if err := os.Rename(found[0], filepath.Join(dir, r.Engine)); err != nil {
		return err
	}
	progress(0.95, "writing")
	return there(dir, r, "")
}

// settings are the provider's, by its own names.
func (r recipe) settings(folder string) map[string]string {
	m := map[string]string{"trt_engine_cache_enable": "1", "trt_engine_cache_path": folder}
	if slices.Contains(r.Precisions, "f16") {
		m["trt_fp16_enable"] = "1"
	}
	if slices.Contains(r.Precisions, "i8") {
		m["trt_int8_enable"] = "1"
	}
	if len(r.Profiles) == 0 {
		return m
	}
	for key, pick := range map[string]func(sizes) []int64{
		"trt_profile_min_shapes": func(s sizes) []int64 { return s.Min },
		"trt_profile_opt_shapes": func(s sizes) []int64 { return s.Opt },
		"trt_profile_max_shapes": func(s sizes) []int64 { return s.Max },
	} {
		var parts []string
		for name, s := range r.Profiles[0] {
			var dims []string
			for _, d := range pick(s) {
				dims = append(dims, strconv.FormatInt(d, 10))
			}
			parts = append(parts, fmt.Sprintf("%s:%s", name, strings.Join(dims, "x")))
		}
		slices.Sort(parts)
		m[key] = strings.Join(parts, ",")
	}
	return m
}
