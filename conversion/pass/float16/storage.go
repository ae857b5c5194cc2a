package float16

import (
	"encoding/binary"
	"math"
	"runtime"
	"sync"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// Options of convert_float16.
type Options struct {
	Mode      string   `key:"mode" title:"Half precision for" help:"storage: weights are stored in 16 bits and widened when the model is loaded; arithmetic: tensors are 16 bits between the layers too" choices:"storage|arithmetic"`
	KeepFloat []string `key:"keep_float" title:"Keep in single precision" help:"Layers whose weights and arithmetic stay in 32 bits" when:"mode=arithmetic"`
	KeepOps   []string `key:"keep_ops" title:"Operators in single precision" help:"Operator kinds that stay in 32 bits, as they lose too much in 16" when:"mode=arithmetic"`
	Smallest  int      `key:"smallest" title:"Smallest constant" help:"Constants of fewer elements stay in 32 bits" unit:"elements" min:"1" max:"1000000" when:"mode=storage"`
	// Largest is the largest magnitude of each value that was seen, by name,
	// where it is known: a layer that comes near the limit of half precision
	// stays in single precision.
	Largest map[string]float64 `key:"-"`
}

// Defaults keeps what is known to overflow or to lose in half precision.
func Defaults() *Options {
	return &Options{Mode: "storage", Smallest: 64, KeepOps: []string{
		"BatchNormalization", "InstanceNormalization", "LayerNormalization", "GroupNormalization", "LRN", "MeanVarianceNormalization",
		"ReduceSum", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceProd", "ReduceLogSumExp", "CumSum", "Pow", "Exp", "Softmax", "LogSoftmax",
		"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Range", "NonMaxSuppression", "GridSample", "RoiAlign",
	}}
}

// Pass is convert_float16.
var Pass = &pass.Pass{
	Name:    "convert_float16",
	About:   "Stores weights, or computes, in 16-bit floating point",
	Options: Defaults(),
	Run: func(g *ir.Graph, c *pass.Ctx) error {
		o := c.Options.(*Options)
		if o.Mode == "arithmetic" {
			return arithmetic(g, c, o)
		}
		return storage(g, c, o)
	},
}

// limit is the largest finite number of binary16.
const limit = 65504

// plainInputs are inputs of operators that stay as they are: scales, sizes,
// statistics and the addends that cost little and lose much.
var plainInputs = map[string]func(i int) bool{
	"Conv": biasOnly, "ConvTranspose": biasOnly, "Gemm": biasOnly,
	"BatchNormalization": notFirst, "InstanceNormalization": notFirst, "LayerNormalization": notFirst, "GroupNormalization": notFirst,
	"RNN": beyondWeights, "GRU": beyondWeights, "LSTM": beyondWeights,
	"QuantizeLinear": always, "DequantizeLinear": always, "DynamicQuantizeLinear": always,
	"Resize": notFirst, "Clip": notFirst, "Pad": notFirst, "Range": always, "NonMaxSuppression": always, "Cast": always,
}

func biasOnly(i int) bool { return i >= 2 }
func notFirst(i int) bool { return i >= 1 }
func always(int) bool     { return true }

// beyondWeights keeps biases, peepholes and initial states of recurrent layers.
func beyondWeights(i int) bool { return i >= 3 }

func plain(n *ir.Node, i int) bool {
	f := plainInputs[n.Op]
	return f != nil && f(i)
}

// storage puts a Cast behind each large constant that half precision can hold.
func storage(g *ir.Graph, c *pass.Ctx, o *Options) error {
	p := c.Edit(g)
	for _, v := range g.Consts() {
		if v.DType != tensor.Float32 || v.Const.Len() < o.Smallest {
			continue
		}
		var uses []ir.Use
		for _, u := range v.Uses() {
			if !plain(u.Node, u.Index) {
				uses = append(uses, u)
			}
		}
		if len(uses) == 0 {
			continue
		}
		if err := c.Err(); err != nil {
			return err
		}
		half, why := narrow(v.Const)
		if why != "" {
			c.Miss(uses[0].Node, "%q stays in 32 bits: %s", v.Name, why)
			c.Find(diag.Infof("fp16.kept-fp32", "weights %q stay in 32 bits: %s", v.Name, why).At(layer(uses[0].Node)))
			continue
		}
		wide := p.Add("Cast", ir.Attrs{"to": op.ONNXType(tensor.Float32)}, []*ir.Value{p.Const(v.Name+"_fp16", half)}, uses[0].Node)
		for _, u := range uses {
			p.SetInput(u.Node, u.Index, wide)
		}
		c.Fire()
	}
	return p.Done()
}

func layer(n *ir.Node) string {
	if len(n.Origin) > 0 {
		return n.Origin[0]
	}
	return n.Name
}

// narrow converts t, or says why its values do not fit: one is beyond the
// largest half-precision number or not finite, or most of those that are not
// zero lie below its normal range.
func narrow(t *tensor.Tensor) (half *tensor.Tensor, why string) {
	data := t.Bytes()
	defer runtime.KeepAlive(data) // what is deferred is computed once, for both uses
	largest, small, nonzero := survey(data)
	switch {
	case largest > limit:
		return nil, "a value is beyond 65504"
	case nonzero > 0 && small*4 > nonzero*3:
		return nil, "most values are below the normal range of half precision"
	}
	if t.Size() >= deferredBytes && !t.IsDeferred() {
		t.Drop()
		return tensor.Deferred(tensor.Float16, t.Shape(), func() *tensor.Tensor {
			defer t.Drop()
			return round(t)
		}), ""
	}
	return round(t), ""
}

// deferredBytes is the size from which weights of the file are rounded when they
// are written and not before: until then they cost no memory. Those that had to
// be computed are rounded at once, as that costs less than to compute them again.
const deferredBytes = 1 << 16

func round(t *tensor.Tensor) *tensor.Tensor {
	half, err := t.Cast(tensor.Float16)
	if err != nil {
		panic(err) // float32 always casts
	}
	return half
}

// survey gives the largest magnitude (infinite where a value is not finite) of
// float32 elements, and counts the values other than zero and those of them below
// 2^-14. It takes bytes: those of a mapped file are seldom aligned.
func survey(data []byte) (largest float64, small, nonzero int) {
	var mu sync.Mutex
	var top uint32
	tensor.Parallel(len(data)/4, 1<<16, func(lo, hi int) {
		var m uint32
		s, z := 0, 0
		for v := data[4*lo : 4*hi]; len(v) >= 4; v = v[4:] {
			b := binary.LittleEndian.Uint32(v) &^ (1 << 31)
			m = max(m, b)
			if b < 0x38800000 { // 2^-14
				s++
				if b == 0 {
					z++
				}
			}
		}
		mu.Lock()
		defer mu.Unlock()
		top = max(top, m)
		small += s - z
		nonzero += hi - lo - z
	})
	if top >= 0x7f800000 {
		return math.Inf(1), small, nonzero
	}
	return float64(math.Float32frombits(top)), small, nonzero
}
