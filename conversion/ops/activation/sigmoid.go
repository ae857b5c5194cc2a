package activation

import (
	"math"
)

var sigmoidDef = curve("Sigmoid", "Computes 1/(1+exp(-x)) elementwise.", nil, plain(sigmoid), nil)

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
