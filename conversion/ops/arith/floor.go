package arith

import (
	"math"
)

var floorDef = floatUnary("Floor", "Rounds each element down to an integer.", math.Floor)
