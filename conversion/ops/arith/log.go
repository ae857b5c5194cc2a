package arith

import (
	"math"
)

var logDef = floatUnary("Log", "Takes the natural logarithm elementwise.", math.Log)
