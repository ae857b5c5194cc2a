package arith

import (
	"math"
)

var cosDef = floatUnary("Cos", "Takes the cosine of each element, in radians.", math.Cos)
