package all

import (
	"fmt"
	"sync"

	"slipway/conversion/op"
	"slipway/conversion/ops/activation"
	"slipway/conversion/ops/arith"
	"slipway/conversion/ops/attention"
	"slipway/conversion/ops/control"
	"slipway/conversion/ops/conv"
	"slipway/conversion/ops/detect"
	"slipway/conversion/ops/image"
	"slipway/conversion/ops/index"
	"slipway/conversion/ops/linalg"
	"slipway/conversion/ops/loss"
	"slipway/conversion/ops/microsoft"
	"slipway/conversion/ops/ml"
	"slipway/conversion/ops/norm"
	"slipway/conversion/ops/pool"
	"slipway/conversion/ops/quant"
	"slipway/conversion/ops/random"
	"slipway/conversion/ops/recurrent"
	"slipway/conversion/ops/reduce"
	"slipway/conversion/ops/sequence"
	"slipway/conversion/ops/shape"
	"slipway/conversion/ops/signal"
	"slipway/conversion/ops/text"
	"slipway/conversion/ops/training"
)

// families are the operator packages, sorted by name.
var families = [][]*op.Def{
	activation.Defs,
	arith.Defs,
	attention.Defs,
	control.Defs,
	conv.Defs,
	detect.Defs,
	image.Defs,
	index.Defs,
	linalg.Defs,
	loss.Defs,
	microsoft.Defs,
	ml.Defs,
	norm.Defs,
	pool.Defs,
	quant.Defs,
	random.Defs,
	recurrent.Defs,
	reduce.Defs,
	sequence.Defs,
	shape.Defs,
	signal.Defs,
	text.Defs,
	training.Defs,
}

// Registry holds all operators. It is made on first use and never changes; any
// goroutine may call it.
var Registry = sync.OnceValue(func() *op.Registry {
	r, err := op.NewRegistry(families...)
	if err != nil {
		panic(fmt.Sprintf("ops: %v", err)) // a mistake in this list, which its test finds
	}
	return r
})
