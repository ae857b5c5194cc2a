package control

import (
	"fmt"

	"slipway/conversion/ir"
	"slipway/conversion/op"
)

func scanFromONNX(s *op.Src) error {
	if s.Version >= 9 {
		attrs := s.AttrsOf("body", "num_scan_inputs", "scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions", ir.CapturedAttr)
		return s.Lower("Scan", attrs, s.Inputs...)
	}
	return scan8(s)
}

// scan8 lowers operator set 8, where every value has a batch axis in front: a
// scan over the batch whose body is the scan over the sequence.
func scan8(s *op.Src) error {
	inner := s.AttrsOf("body", "num_scan_inputs", ir.CapturedAttr)
	if d, ok := s.Ints("directions"); ok {
		inner["scan_input_directions"] = d
	}
	if s.In(0) != nil {
		return fmt.Errorf("with lengths for each sequence is not supported in operator set 8")
	}
	if len(s.Inputs) < 2 {
		return fmt.Errorf("has no scanned input")
	}
	g, _ := inner["body"].(*ir.Graph)
	if g == nil {
		return fmt.Errorf("has no body")
	}
	in := s.Inputs[1:]
	captures, _ := inner[ir.CapturedAttr].(int64)
	formal := len(in) - int(captures)
	if captures < 0 || formal < 1 || len(g.Inputs) != len(in) {
		return fmt.Errorf("its body has %d inputs for %d, of which %d are captured", len(g.Inputs), len(in), captures)
	}
	outer := ir.New(g.Name + "_batch")
	args := make([]*ir.Value, len(in))
	for i, v := range g.Inputs {
		args[i] = outer.AddInput(v.Name+"_item", v.DType, nil)
	}
	names := make([]string, len(g.Outputs))
	for i, v := range g.Outputs {
		names[i] = v.Name + "_item"
	}
	n := outer.AddNode("Scan", s.Name+"/sequence", inner, args, names...)
	n.Origin = []string{s.Name}
	outer.Outputs = append(outer.Outputs, n.Outputs...)
	return s.Lower("Scan", ir.Attrs{"body": outer, "num_scan_inputs": int64(formal), ir.CapturedAttr: captures}, in...)
}
