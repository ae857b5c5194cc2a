package tensorrt

import (
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
)

// sizeOperands lists, by operator, the inputs that say how large a result is, or
// which part of the data it is.
var sizeOperands = map[string][]int{
	"Reshape": {1}, "Expand": {1}, "ConstantOfShape": {0}, "Range": {0, 1, 2}, "Slice": {1, 2}, "Tile": {1}, "Resize": {2, 3}, "TopK": {1}, "Pad": {1},
	"OneHot": {1}, "Split": {1},
}

// shapeInputs lists the inputs whose values, not sizes alone, say how large
// tensors are: TensorRT calls them shape tensors. They map to the layers that
// read sizes from them.
func shapeInputs(g *ir.Graph) (list []*ir.Value, layers map[*ir.Value][]string) {
	layers = map[*ir.Value][]string{}
	for _, n := range g.Nodes {
		for _, i := range sizeOperands[n.Op] {
			seen := map[*ir.Value]bool{}
			var back func(v *ir.Value)
			back = func(v *ir.Value) {
				if v == nil || seen[v] || v.IsConst() {
					return
				}
				seen[v] = true
				switch p := v.Node(); {
				case p == nil && !v.DType.IsFloat():
					if layers[v] == nil {
						list = append(list, v)
					}
					layers[v] = append(layers[v], n.Origin...)
				case p != nil && p.Op != "Shape" && p.Op != "Size":
					for _, x := range p.Inputs {
						back(x)
					}
				}
			}
			back(n.In(i))
		}
	}
	return list, layers
}

// toldShapeInputs is what a person has to do about shape inputs.
func toldShapeInputs(g *ir.Graph) diag.List {
	list, layers := shapeInputs(g)
	if len(list) == 0 {
		return nil
	}
	var names, all []string
	for _, v := range list {
		names = append(names, v.Name)
		all = append(all, layers[v]...)
	}
	f := diag.Warnf("tensorrt.shape-input", "sizes follow from the values of %s: TensorRT needs a profile of these values, which the build file and its flags do not hold, and builds no engine without one", strings.Join(names, ", ")).
		Suggest("make these values constants in the model, or build the engine in a program of your own with IOptimizationProfile.setShapeValues (V2 in TensorRT 11)")
	f.Layers = all
	return diag.List{f}
}
