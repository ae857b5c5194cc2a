package graphpaint

import (
	"fmt"

	"slipway/ui/graphlayout"
)

// resNetScene is a residual network of about n nodes with weights in its boxes and shapes on its lines.
func resNetScene(n int) Scene {
	var s Scene
	add := func(title string, class Class, kind graphlayout.Kind, label string, rows []Row, from ...int) int {
		i := len(s.Nodes)
		s.Nodes = append(s.Nodes, Node{
			ID: fmt.Sprintf("n%d", i), Title: title, Name: fmt.Sprintf("layer%d/%s", i/9, title),
			Rows: rows, Class: class, Kind: kind,
		})
		for _, f := range from {
			s.Edges = append(s.Edges, Edge{From: f, To: i, Source: f, Label: label})
		}
		return i
	}
	conv := func(c int) []Row {
		return []Row{{"W", fmt.Sprintf("<%d×%d×3×3>", c, c)}, {"B", fmt.Sprintf("<%d>", c)}}
	}
	x := add("input", Port, graphlayout.Input, "", nil)
	for block := 0; len(s.Nodes)+10 < n; block++ {
		c := 64 << min(block*40/n, 3)
		shape := fmt.Sprintf("1×%d×56×56", c)
		skip := x
		for range 2 {
			x = add("Conv", Layer, graphlayout.Op, shape, conv(c), x)
			x = add("BatchNormalization", Normalization, graphlayout.Op, shape, []Row{{"scale", "<64>"}, {"mean", "<64>"}}, x)
			x = add("Relu", Activation, graphlayout.Op, shape, nil, x)
		}
		x = add("Conv", Layer, graphlayout.Op, shape, conv(c), x)
		if block%4 == 0 {
			skip = add("Conv", Layer, graphlayout.Op, shape, conv(c), skip)
		}
		x = add("Add", Other, graphlayout.Op, shape, nil, x, skip)
		x = add("Relu", Activation, graphlayout.Op, shape, nil, x)
	}
	x = add("GlobalAveragePool", Pool, graphlayout.Op, "1×512×7×7", nil, x)
	x = add("Flatten", Shape, graphlayout.Op, "1×512×1×1", nil, x)
	x = add("Gemm", Layer, graphlayout.Op, "1×512", []Row{{"B", "<1000×512>"}, {"C", "<1000>"}}, x)
	add("logits", Port, graphlayout.Output, "1×1000", nil, x)
	return s
}

// wideScene has n boxes in rows of width, so that many are visible at once.
func wideScene(n, width int) Scene {
	var s Scene
	for i := range n {
		s.Nodes = append(s.Nodes, Node{
			ID: fmt.Sprint(i), Title: "Conv", Class: Class(i % int(classes)),
			Rows: []Row{{"W", fmt.Sprintf("<%d×64×3×3>", i)}},
		})
		if i >= width {
			s.Edges = append(s.Edges, Edge{From: i - width, To: i, Label: "1×64×56×56"})
			if i%width > 0 {
				s.Edges = append(s.Edges, Edge{From: i - width - 1, To: i})
			}
		}
	}
	return s
}
