package arith

import "math"

var atanDef = floatUnary("Atan", "Takes the angle in radians whose tangent each element is.", math.Atan)
