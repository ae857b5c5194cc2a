package ncnn

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"slipway/conversion/tensor"
)

// TestVolumes: convolutions and pools over depth, height and width.
func TestVolumes(t *testing.T) {
	const x = "x : f32[1,2,5,6,7]"
	computes(t, map[string]string{
		"conv":          graph(x, weights("w", 3, 2, 3, 2, 1)+";b : f32[3] = [1,2,3]", "Conv(%x, %w, %b)"),
		"padded":        graph(x, weights("w", 3, 2, 3, 3, 3), "Conv(%x, %w) {pads=[1,0,2,1,1,0], strides=[2,1,3]}"),
		"spread":        graph(x, weights("w", 3, 2, 2, 2, 2), "Conv(%x, %w) {dilations=[2,1,3]}"),
		"same":          graph(x, weights("w", 3, 2, 2, 2, 3), `Conv(%x, %w) {auto_pad="SAME_UPPER", strides=[2,2,2]}`),
		"same, below":   graph(x, weights("w", 3, 2, 2, 2, 3), `Conv(%x, %w) {auto_pad="SAME_LOWER"}`),
		"each":          graph(x, weights("w", 2, 1, 3, 3, 3), "Conv(%x, %w) {group=2, pads=[1,1,1,1,1,1]}"),
		"groups":        graph("x : f32[1,4,5,6,7]", weights("w", 6, 2, 1, 3, 2), "Conv(%x, %w) {group=2}"),
		"largest":       graph(x, "", "MaxPool(%x) {kernel_shape=[2,3,2], strides=[2,1,2], pads=[0,1,1,1,0,0]}"),
		"rounded up":    graph(x, "", "MaxPool(%x) {kernel_shape=[2,2,2], strides=[2,2,2], ceil_mode=1}"),
		"mean":          graph(x, "", "AveragePool(%x) {kernel_shape=[2,3,2], pads=[0,1,1,1,0,0]}"),
		"mean with all": graph(x, "", "AveragePool(%x) {kernel_shape=[2,3,2], pads=[0,1,1,1,0,0], count_include_pad=1}"),
		"batch":         graph("x : f32[3,2,5,6,7]", weights("w", 3, 2, 3, 2, 1)+";b : f32[3] = [1,2,3]", "Conv(%x, %w, %b) {pads=[1,0,2,1,1,0], strides=[2,1,3]}"),
		"batch of each": graph("x : f32[2,2,4,6,7]", weights("w", 2, 1, 3, 3, 3), "Conv(%x, %w) {group=2, pads=[1,1,1,1,1,1]}"),
		"all":           graph(x, "", "GlobalAveragePool(%x)"),
	}, nil)
}

// TestGridSample: pictures at places that are computed, in all modes.
func TestGridSample(t *testing.T) {
	points := make([]float32, 6*7*2)
	for i := range points {
		points[i] = float32(math.Sin(float64(i*i))) * 1.7 // also outside
	}
	grid := map[string]*tensor.Tensor{"z": tensor.Of(points, 1, 6, 7, 2)}
	graphs, feeds := map[string]string{}, map[string]map[string]*tensor.Tensor{}
	for _, mode := range []string{"linear", "cubic"} {
		for _, border := range []string{"zeros", "border"} {
			for corners := range 2 {
				name := fmt.Sprint(mode, " ", border, " ", corners)
				feeds[name], graphs[name] = grid, graph("x : f32[1,3,5,4];z : f32[1,6,7,2]", "",
					fmt.Sprintf("GridSample(%%x, %%z) {mode=%q, padding_mode=%q, align_corners=%d}", mode, border, corners))
			}
		}
	}
	computes(t, graphs, feeds)
	g := parse(t, graph("x : f32[1,3,5,4];z : f32[1,6,7,2]", "", `GridSample(%x, %z) {mode="nearest"}`))
	if why := prepare(t, g); !strings.Contains(why, "mode nearest") {
		t.Errorf("halves are rounded up: %q", why)
	}
}

// TestComputedWeights: convolutions by weights that are results.
func TestComputedWeights(t *testing.T) {
	computes(t, map[string]string{
		"plain":   graph("x : f32[1,2,6,7];w : f32[3,2,3,2];b : f32[3]", "", "Conv(%x, %w, %b) {pads=[1,0,0,1], strides=[2,1]}"),
		"no bias": graph("x : f32[1,5,6,7];w : f32[8,5,1,1]", "", "Conv(%x, %w)"),
		"of line": graph("x : f32[1,2,9];w : f32[3,2,3]", "", "Conv(%x, %w) {dilations=[2]}"),
		"each":    graph("x : f32[1,8,6,7];w : f32[8,1,3,3];b : f32[8]", "", "Conv(%x, %w, %b) {group=8}"),
		"groups":  graph("x : f32[1,4,6,7];w : f32[6,2,3,3]", "", "Conv(%x, %w) {group=2}"),
	}, nil)
}
