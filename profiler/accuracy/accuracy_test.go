package accuracy

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"slipway/conversion/tensor"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

// pixel is a session that scores class k by the k-th value of its input plus a
// bias: enough to know every answer beforehand.
type pixel struct{ bias []float32 }

func (pixel) Inputs() []runtimes.IO {
	return []runtimes.IO{{Name: "x", DType: tensor.Float32, Shape: []int{1, 3, 1, 1}}}
}
func (pixel) Outputs() []runtimes.IO { return nil }
func (pixel) Close() error           { return nil }
func (p pixel) Run(_ context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	v := append([]float32{}, in[0].Float32s()...)
	for i := range p.bias {
		v[i] += p.bias[i]
	}
	return []*tensor.Tensor{tensor.Of(v, 1, 3)}, nil
}

func TestScoresAgainstLabelsAndTheFirstModel(t *testing.T) {
	dir := t.TempDir()
	var samples []task.Sample
	for i := range 10 {
		img := image.NewNRGBA(image.Rect(0, 0, 1, 1))
		img.SetNRGBA(0, 0, []color.NRGBA{{200, 100, 0, 255}, {100, 200, 0, 255}}[i%2])
		p := filepath.Join(dir, string(rune('a'+i))+".png")
		f, err := os.Create(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
		f.Close()
		samples = append(samples, task.Sample{Path: p, Label: 0})
	}
	samples = append(samples, task.Sample{Path: filepath.Join(dir, "gone.png")})
	tk := &task.Task{Kind: task.Classify, Input: task.Input{Size: [2]int{1, 1}}}
	res, findings, err := Run(context.Background(), tk, []Subject{{"float", pixel{}}, {"biased", pixel{[]float32{0, 150, 0}}}}, samples, nil)
	if err != nil || len(findings) != 1 {
		t.Fatal(err, findings)
	}
	if r := res[0]; r.Images != 10 || r.Top1 != 0.5 || r.Top5 != 1 || r.Agreement != 1 || r.SQNR != nil {
		t.Errorf("float: %+v", r)
	}
	if r := res[1]; r.Top1 != 0 || r.Agreement != 0.5 || len(r.Disagreements) != 5 || r.SQNR == nil || r.DropCI95[1] >= 0 {
		t.Errorf("biased: %+v", r)
	}
}

func TestIntervalsCoverTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	wilson, paired := 0, 0
	const trials, n, p, q = 400, 250, 0.7, 0.66
	for range trials {
		k := 0
		var a, b []bool
		for range n {
			x := rng.Float64()
			if x < p {
				k++
			}
			a, b = append(a, x < p), append(b, x < q)
		}
		if i := Wilson(k, n); i[0] <= p && p <= i[1] {
			wilson++
		}
		if i := PairedDrop(a, b); i[0] <= q-p && q-p <= i[1] {
			paired++
		}
	}
	if wilson < trials*92/100 || paired < trials*92/100 {
		t.Errorf("of %d intervals, %d and %d cover the truth", trials, wilson, paired)
	}
	if i := Wilson(0, 10); i[0] != 0 || math.Abs(i[1]-0.2775) > 1e-3 {
		t.Errorf("Wilson(0,10) = %v", i)
	}
}
