package all

import (
	"testing"

	ops "slipway/conversion/ops/all"
	"slipway/conversion/testkit"
)

func TestGoldens(t *testing.T) { testkit.Goldens(t, "testdata", ops.Registry(), Passes()) }
