package quantize

import (
	"fmt"

	"slipway/conversion/ir"
)

// groupedPoints says why OpenVINO cannot compute n in integers: where the
// processor has AMX, its CPU plugin (2026.4) gets 1x1 convolutions of several
// groups wrong, or refuses the file, if a group has over 64 input channels, a
// multiple of 4 and none of 64.
func groupedPoints(n *ir.Node) string {
	groups := n.Int("group", 1)
	if n.Op != "Conv" || groups == 1 || n.In(1).Const == nil {
		return ""
	}
	shape := n.In(1).Const.Shape()
	for _, d := range shape[2:] {
		if d != 1 {
			return ""
		}
	}
	if c := shape[1]; c > 64 && c%4 == 0 && c%64 != 0 {
		return fmt.Sprintf("the runtime gets 1x1 convolutions of %d groups of %d channels wrong in integers", groups, c)
	}
	return ""
}
