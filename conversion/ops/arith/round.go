package arith

import (
	"math"
)

var roundDef = floatUnary("Round", "Rounds each element to the nearest integer, halves to the even one.", math.RoundToEven)
