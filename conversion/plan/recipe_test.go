package plan

import (
	"reflect"
	"strings"
	"testing"

	"slipway/conversion/options"
	"slipway/conversion/pass/prune"
)

func TestRecipeRoundTrip(t *testing.T) {
	r := Default()
	r.Precision, r.Quantize.KeepFloat = "int8", []string{"conv1", "fc"}
	r.Prune = Prune{Method: "magnitude", Options: prune.Options{Ratio: 0.3, Scope: "layer", Layers: map[string]float64{"a": 0.5}}}
	r.Quantize.BiasCorrection, r.Quantize.Tighten = false, 0
	r.InputShapes = map[string][]int64{"x": {1, 3, 224, 224}}
	b, err := r.YAML()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseRecipe(b)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Fatalf("%+v (%v)\nfrom\n%s", got, err, b)
	}
}

func TestRecipeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"precision: fp12": "fp32, fp16, int8", "prune: {ratio: 2}": "prune.ratio", "speed: fast": "speed",
		"version: 9": "version 9", "batch: many": "batch", "input_shapes: {x: [0]}": "input_shapes",
	} {
		if _, err := ParseRecipe([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := ParseRecipe(nil); err != nil {
		t.Error("an empty recipe is the default one:", err)
	}
}

func TestKeyIgnoresWhatDoesNotApply(t *testing.T) {
	a, b := Default(), Default()
	b.Quantize.Images, b.Samples = 7, 9
	if a.Key() != b.Key() {
		t.Error("calibration settings changed the key of an fp32 recipe")
	}
	a.Precision, b.Precision = "int8", "int8"
	if a.Key() == b.Key() {
		t.Error("calibration settings did not change the key of an int8 recipe")
	}
}

func TestEverySettingIsAField(t *testing.T) {
	r := Default()
	var keys []string
	for _, f := range options.Of(&r) {
		keys = append(keys, f.Key)
	}
	for _, k := range []string{"precision", "quantize.scheme", "quantize.keep_float", "prune.ratio", "prune.layers", "layout", "batch"} {
		if !strings.Contains(" "+strings.Join(keys, " ")+" ", " "+k+" ") {
			t.Errorf("%s is missing from %v", k, keys)
		}
	}
}
