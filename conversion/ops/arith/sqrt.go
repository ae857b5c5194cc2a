package arith

import (
	"math"
)

var sqrtDef = floatUnary("Sqrt", "Takes the square root elementwise; negative elements give NaN.", math.Sqrt)
