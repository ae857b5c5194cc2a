package openvino

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestFullDisk: weights that cannot be written are an error, whatever reads them.
func TestFullDisk(t *testing.T) {
	const many = 700 << 10 // floats: more than is buffered
	weights := map[string]func(g *ir.Graph, x *ir.Value) *ir.Value{
		"constant": func(g *ir.Graph, x *ir.Value) *ir.Value {
			w := g.AddConst("w", ramp(1, many))
			return g.AddNode("Add", "add", nil, []*ir.Value{x, w}, "y").Outputs[0]
		},
		"cast": func(g *ir.Graph, x *ir.Value) *ir.Value {
			half, err := ramp(1, many).Cast(tensor.Float16)
			if err != nil {
				t.Fatal(err)
			}
			w := g.AddNode("Cast", "cast", ir.Attrs{"to": int64(1)}, []*ir.Value{g.AddConst("h", half)}, "w").Outputs[0]
			return g.AddNode("Add", "add", nil, []*ir.Value{x, w}, "y").Outputs[0]
		},
	}
	for name, f := range weights {
		t.Run(name, func(t *testing.T) {
			g := build(t, func(g *ir.Graph) {
				g.Outputs = []*ir.Value{f(g, g.AddInput("x", tensor.Float32, ir.Dims(1, many)))}
			})
			if err := newEmitter(g, newConstants(full{})).graph(context.Background()); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("got %v", err)
			}
		})
	}
}
