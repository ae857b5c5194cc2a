package arith

import (
	"math"
)

var expDef = floatUnary("Exp", "Computes e to the power of each element.", math.Exp)
