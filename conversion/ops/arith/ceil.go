package arith

import (
	"math"
)

var ceilDef = floatUnary("Ceil", "Rounds each element up to an integer.", math.Ceil)
