package arith

import (
	"fmt"
	"math"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/op/kernel"
	"slipway/conversion/tensor"
)

var modDef = func() *op.Def {
	d := binary("Mod", "Takes the remainder of a division: with the divisor's sign, or with fmod the dividend's.", modRows, nil)
	d.Attrs = []op.Attr{{Name: "fmod", Kind: op.Int, Default: int64(0)}}
	d.FromONNX = nil
	d.Infer = func(c *op.InferCtx) error {
		if err := inferBroadcast(c, tensor.Invalid); err != nil {
			return err
		}
		foldContent(c, func(a, b ir.Dim) (ir.Dim, bool) {
			x, ok := a.Int()
			y, ok2 := b.Int()
			if !ok || !ok2 || y == 0 {
				return ir.Dim{}, false
			}
			if c.Int("fmod", 0) != 0 {
				return ir.Static(x % y), true
			}
			return ir.Static(floorMod(x, y)), true
		})
		return nil
	}
	d.Eval = func(c *op.EvalCtx) error {
		if err := checkDivisor(c); err != nil {
			return err
		}
		if c.Int("fmod", 0) != 0 {
			return evalNumeric(c, fmodRows)
		}
		if t, err := c.Need(0); err != nil || t.DType().IsFloat() {
			return fmt.Errorf("floating-point operands need fmod=1")
		}
		return evalNumeric(c, modRows)
	}
	return d
}()

var (
	uintMod = kernel.RowOf(func(a, b uint64) uint64 { return a % b })
	modRows = &numeric{i64: kernel.RowOf(floorMod), u64: uintMod}
	// fmodRows have the sign of the dividend, like C's fmod and %.
	fmodRows = &numeric{
		f32: kernel.RowOf(func(a, b float32) float32 { return float32(math.Mod(float64(a), float64(b))) }),
		f64: kernel.RowOf(math.Mod),
		i64: kernel.RowOf(func(a, b int64) int64 { return a % b }),
		u64: uintMod,
	}
)

// floorMod has the sign of the divisor, like Python's %.
func floorMod(a, b int64) int64 {
	r := a % b
	if r != 0 && (r < 0) != (b < 0) {
		r += b
	}
	return r
}
