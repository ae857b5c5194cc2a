package quantize

import (
	"slipway/conversion/ir"
	"slipway/conversion/target/openvino/faults"
)

// groupedPoints says why OpenVINO cannot compute n in integers; see faults.
func groupedPoints(n *ir.Node) string { return faults.Integers(n) }
