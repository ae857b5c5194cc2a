package arith

import "math"

var tanDef = floatUnary("Tan", "Takes the tangent of each element, in radians.", math.Tan)
