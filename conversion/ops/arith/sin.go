package arith

import (
	"math"
)

var sinDef = floatUnary("Sin", "Takes the sine of each element, in radians.", math.Sin)
