package signal

import (
	"fmt"
	"math"

	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var melWeightMatrixDef = &op.Def{
	Name: "MelWeightMatrix", Doc: "Makes the triangles that turn a linear spectrum into one along the mel scale.", Family: family,
	Inputs:  op.In("num_mel_bins", "dft_length", "sample_rate", "lower_edge_hertz", "upper_edge_hertz"),
	Outputs: op.In("output"),
	Attrs:   []op.Attr{{Name: "output_datatype", Kind: op.Int, Default: int64(1)}},
	Infer: func(c *op.InferCtx) error {
		d, err := outputType(c.Node)
		if err != nil {
			return err
		}
		s := kernel.FreshShape(c.Out(0), 2)
		if n, ok := one(c, 1); ok {
			s[0] = n.FloorDiv(2).AddInt(1)
		}
		if n, ok := one(c, 0); ok {
			s[1] = n
		}
		c.Set(0, d, s)
		return nil
	},
	Eval: evalMel,
	Tol:  op.Elementwise,
}

func evalMel(c *op.EvalCtx) error {
	d, err := outputType(c.Node)
	if err != nil {
		return err
	}
	var v [3]int64
	for i := range v {
		if v[i], err = whole(c, i); err != nil {
			return err
		}
	}
	var edge [2]float64
	for i := range edge {
		if edge[i], err = scalar(c, 3+i); err != nil {
			return err
		}
	}
	bands, length, rate := v[0], v[1], v[2]
	if bands < 0 || length < 0 || rate <= 0 || bands > 1<<30 || length > 1<<30 {
		return fmt.Errorf("%d bands, a spectrum of %d and a rate of %d make no matrix", bands, length, rate)
	}
	shape := []int{int(length/2 + 1), int(bands)}
	if err := kernel.CheckSize(tensor.Float64, shape); err != nil {
		return err
	}
	out := make([]float64, shape[0]*shape[1])
	points, err := melPoints(bands, length, rate, edge)
	if err != nil {
		return err
	}
	put := func(row, col int, x float64) error {
		if row < 0 || row >= shape[0] {
			return fmt.Errorf("band %d reaches bin %d of a spectrum of %d", col, row, shape[0])
		}
		out[row*shape[1]+col] = x
		return nil
	}
	for i := range shape[1] {
		lo, mid, hi := points[i], points[i+1], points[i+2]
		if mid == lo {
			err = put(mid, i, 1)
		}
		for j := lo; mid != lo && j <= mid && err == nil; j++ {
			err = put(j, i, float64(j-lo)/float64(mid-lo))
		}
		for j := mid; j < hi && err == nil; j++ {
			err = put(j, i, float64(hi-j)/float64(hi-mid))
		}
		if err != nil {
			return err
		}
	}
	c.Out[0], err = tensor.FromFloat64s(d, out, shape...)
	return err
}

// melPoints are the bins of the spectrum at which the triangles begin, peak and
// end: equally far apart in mel, 2595*log10(1+f/700).
func melPoints(bands, length, rate int64, edge [2]float64) ([]int, error) {
	mel := func(f float64) float64 { return 2595 * math.Log10(1+f/700) }
	low := mel(edge[0])
	step := (mel(edge[1]) - low) / float64(bands+2)
	points := make([]int, bands+2)
	for i := range points {
		f := 700 * (math.Pow(10, (float64(i)*step+low)/2595) - 1)
		p := math.Floor(float64(length+1) * f / float64(rate))
		if !(p >= 0 && p < 1<<31) {
			return nil, fmt.Errorf("band edges of %g and %g Hz make no bins", edge[0], edge[1])
		}
		points[i] = int(p)
	}
	return points, nil
}
