package pipeline_test

import (
	"context"
	"path/filepath"
	"testing"

	"slipway/conversion/ir"
	opsall "slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/target"
	"slipway/conversion/target/onnx"
	"slipway/conversion/tensor"
	"slipway/project/local"
)

// spoil writes a copy of a model in which the n-th node of an operator has
// weights of the opposite sign, and returns its path and the node's name.
func spoil(t *testing.T, model, op string, n int) (path, layer string) {
	t.Helper()
	m, err := local.Open(context.Background(), model, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, node := range m.Graph.Nodes {
		if node.Op != op {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		w := node.In(1)
		v := append([]float32{}, w.Const.Float32s()...)
		for i := range v {
			v[i] = -v[i]
		}
		p := m.Graph.Edit("spoil", nil)
		p.SetInput(node, 1, p.Const(w.Name+"_spoilt", tensor.Of(v, w.Const.Shape()...)))
		if err := p.Done(); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := (onnx.Target{}).Write(context.Background(), m.Graph, dir, target.Options{Name: "spoilt", Registry: opsall.Registry()}); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, "spoilt.onnx"), node.Name
	}
	t.Fatal("there are not so many nodes")
	return "", ""
}

// near reports whether the layer that was named is the spoilt one, or the next
// one whose output an artefact keeps: a fused convolution is seen at the output
// of what it was fused with.
func near(g *ir.Graph, named, want string) bool {
	for i, n := range g.Nodes {
		if n.Name != want {
			continue
		}
		for _, m := range g.Nodes[i:min(i+4, len(g.Nodes))] {
			if m.Name == named {
				return true
			}
		}
	}
	return false
}
