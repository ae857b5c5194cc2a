package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/plan"
	"slipway/conversion/source"
	"slipway/conversion/testkit"
	"slipway/profiler/verify"
	"slipway/project/local"
	"slipway/project/pipeline"
	"slipway/runtimes/worker/guest"
)

// TestMain lets the test binary be the worker processes.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(guest.Main(os.Args[2:], local.Guest()))
	}
	os.Exit(m.Run())
}

// TestFirstDivergingLayer gives one layer of an artefact other weights and
// expects that verification names that layer, on every target.
func TestFirstDivergingLayer(t *testing.T) {
	model := filepath.Join(testkit.Zoo(t), "cifar", "resnet20_cifar10.onnx")
	ctx := context.Background()
	machine := local.New()
	defer machine.Close()
	env := machine.Pipeline()
	m, err := local.Open(ctx, model, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	spoilt, layer := spoil(t, model, "Conv", 9)
	for _, target := range []string{"onnx", "openvino", "tflite", "coreml", "ncnn"} {
		t.Run(target, func(t *testing.T) {
			info := env.Target(target).Info()
			rt, err := machine.Get(info.Runtimes[0])
			if err == nil {
				err = rt.Check(ctx)
			}
			if err != nil {
				t.Skip(err)
			}
			dir := t.TempDir()
			res, err := env.RunTo(ctx, pipeline.Request{Model: spoilt, Target: target, Recipe: plan.Default()}, dir, nil)
			if err != nil || !res.OK || res.Verify.Verdict != verify.Match {
				t.Fatalf("converting the spoilt model: %v %+v", err, res)
			}
			v, err := env.Verify(ctx, pipeline.VerifyRequest{Model: model, Artefact: res.Main(), Target: target, Samples: 2, Graph: m.Graph})
			if err != nil {
				t.Fatal(err)
			}
			if v.Verdict != verify.Mismatch || !near(m.Graph, v.FirstLayer, layer) {
				t.Errorf("verdict %s, first diverging layer %q, want %q (or what it was fused with): %s", v.Verdict, v.FirstLayer, layer, v.Why)
			}
		})
	}
}
