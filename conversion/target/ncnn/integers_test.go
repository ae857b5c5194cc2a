package ncnn

import (
	"context"
	"strings"
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

const tokens = `graph g {
  input %ids : i64[1,3]
  input %mask : i64[1,3]
  const %table : f32[4,2] = [0,1,10,11,20,21,30,31]
  %rows : f32[1,3,2] = Gather(%table, %ids) @rows
  %m : f32[1,3] = Cast(%mask) {to=1} @m
  const %axes : i64[1] = [2]
  %wide : f32[1,3,1] = Unsqueeze(%m, %axes) @wide
  %y : f32[1,3,2] = Mul(%rows, %wide) @y
  output %y
}
`

// TestPlacesAndNumbers: an integer input is places in a table or numbers, and
// one that would be both is refused.
func TestPlacesAndNumbers(t *testing.T) {
	write := func(text string, want ...float32) (string, error) {
		g, err := ir.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := ops.Registry().InferGraph(g); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		a, err := Target{}.Write(context.Background(), g, dir, target.Options{Name: "g"})
		if err != nil {
			return "", err
		}
		text = ""
		for _, f := range a.Findings {
			text += f.Text + "\n"
		}
		in := []*tensor.Tensor{tensor.Of([]int64{2, 0, 3}, 1, 3), tensor.Of([]int64{1, 1, 0}, 1, 3)}
		got := vendor(t, []job{{dir, "g", in, 1}})[0]
		if got.err != "" {
			t.Fatal(got.err)
		}
		if d := differs(got.outputs[0], want); d > 1e-6 {
			t.Errorf("%v", got.outputs)
		}
		return text, nil
	}
	found, err := write(tokens, 20, 21, 0, 1, 0, 0)
	if err != nil || !strings.Contains(found, `"ids" is a blob of 32-bit integers`) || !strings.Contains(found, `"mask" is a blob of 32-bit floats`) {
		t.Errorf("%v: %s", err, found)
	}
	found, err = write(strings.Replace(tokens, "Cast(%mask)", "Cast(%ids)", 1), 40, 42, 0, 0, 90, 93)
	if err != nil || !strings.Contains(found, `"ids" is a blob of 32-bit integers`) {
		t.Errorf("one input as both: %v: %s", err, found)
	}
}
