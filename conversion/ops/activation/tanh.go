package activation

import (
	"math"
)

var tanhDef = curve("Tanh", "Computes the hyperbolic tangent elementwise.", nil, plain(math.Tanh), nil)
