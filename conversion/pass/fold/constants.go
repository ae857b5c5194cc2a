package fold

import (
	"fmt"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/pass"
	"slipway/conversion/tensor"
)

// ConstantsOptions bound what is computed ahead.
type ConstantsOptions struct {
	MaxGrowthKB int `key:"max_growth_kb" title:"Largest growth" unit:"KB" help:"A result may be this much, and a hundredth of the model's weights, larger than four times its inputs" min:"0" max:"1048576"`
	// KeepNarrow leaves constants alone that are widened where they are read:
	// weights stored in half precision.
	KeepNarrow bool `key:"-"`
}

// Constants is the pass fold_constants.
var Constants = &pass.Pass{
	Name:    "fold_constants",
	About:   "Computes what depends on constants and known shapes only",
	Options: &ConstantsOptions{MaxGrowthKB: 256},
	Run:     foldConstants,
}

// maxTrips bounds the loops that are computed ahead.
const maxTrips = 4096

// keep lists operators that stay though their inputs are constant: the one that
// marks quantized weights, and whatever differs from run to run.
var keep = map[string]bool{
	"DequantizeLinear": true, "Dropout": true, "RandomNormal": true, "RandomNormalLike": true, "RandomUniform": true,
	"RandomUniformLike": true, "Bernoulli": true, "Multinomial": true,
}

func foldConstants(g *ir.Graph, c *pass.Ctx) error {
	o, ok := c.Options.(*ConstantsOptions)
	if !ok {
		o = &ConstantsOptions{MaxGrowthKB: 256}
	}
	p := c.Edit(g)
	growth := o.MaxGrowthKB<<10 + weightBytes(g)/100
	for _, n := range append([]*ir.Node{}, g.Nodes...) {
		if err := c.Err(); err != nil {
			return err
		}
		if keep[n.Op] || o.KeepNarrow && widens(n) || c.Registry.Get(n.Op) == nil || n.Op == "Identity" {
			continue
		}
		if known(g, p, n) {
			c.Fire()
			continue
		}
		if constantShape(p, n) {
			c.Fire()
		}
		in, ok := constantInputs(n)
		if !ok || slices.ContainsFunc(n.Outputs, (*ir.Value).IsContainer) || random(n) {
			continue
		}
		if why := tooBig(n, in, growth); why != "" {
			c.Miss(n, "%s", why)
			continue
		}
		out, err := compute(c, n, in)
		if err != nil {
			c.Miss(n, "cannot be computed: %v", err)
			continue
		}
		for i, v := range n.Outputs {
			if v != nil && i < len(out) && out[i] != nil {
				replace(g, p, v, out[i])
			}
		}
		c.Fire()
	}
	return p.Done()
}

// widens reports whether n gives a constant of half precision in a wider type.
func widens(n *ir.Node) bool {
	x, y := n.In(0), n.Out(0)
	if n.Op != "Cast" || !x.IsConst() || y == nil {
		return false
	}
	half := x.DType == tensor.Float16 || x.DType == tensor.BFloat16
	return half && y.DType.IsFloat() && y.DType.Bits() > x.DType.Bits()
}

// weightBytes is the size of all constants.
func weightBytes(g *ir.Graph) int {
	sum := 0
	for _, v := range g.Values() {
		if v.IsConst() {
			sum += v.Const.Size()
		}
	}
	return sum
}

// compute is eval, which leaves large transposed weights where they lie until
// they are written.
func compute(c *pass.Ctx, n *ir.Node, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if n.Op == "Transpose" && len(in) == 1 && in[0] != nil {
		perm := make([]int, in[0].Rank())
		for i := range perm {
			perm[i] = len(perm) - 1 - i
		}
		for i, p := range n.Ints("perm") {
			if i < len(perm) {
				perm[i] = int(p)
			}
		}
		if t, err := in[0].Transposed(perm...); err == nil {
			return []*tensor.Tensor{t}, nil
		}
	}
	return eval(c, n, in)
}

// eval computes a node; a panic in an operator's arithmetic is an error here.
func eval(c *pass.Ctx, n *ir.Node, in []*tensor.Tensor) (out []*tensor.Tensor, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return c.Registry.EvalNodeIn(op.Env{Context: c, Trips: maxTrips}, n, in)
}

// replace puts a constant in the place of v, under v's name where v's is free.
func replace(g *ir.Graph, p *ir.Patch, v *ir.Value, t *tensor.Tensor) {
	name := v.Name
	if !g.IsOutput(v) {
		g.RenameValue(v, name+"_folded")
	}
	p.Replace(v, p.Const(name, t))
}

// known replaces a node all of whose outputs' elements shape inference knows.
func known(g *ir.Graph, p *ir.Patch, n *ir.Node) bool {
	var made []*tensor.Tensor
	for _, v := range n.Outputs {
		if v == nil {
			made = append(made, nil)
			continue
		}
		t := contentTensor(v)
		if t == nil || t.Len() == 0 && g.IsOutput(v) { // runtimes crash on such an output
			return false
		}
		made = append(made, t)
	}
	for i, v := range n.Outputs {
		if v != nil {
			replace(g, p, v, made[i])
		}
	}
	return len(made) > 0
}

// contentTensor is what v always is: the elements that are known, or none.
func contentTensor(v *ir.Value) *tensor.Tensor {
	dims, ok := v.Shape.Ints()
	if ok && slices.Contains(dims, 0) && v.DType.IsReal() {
		return tensor.New(v.DType, dims...)
	}
	if v.Content == nil || !ok || len(dims) > 1 || !v.DType.IsInt() {
		return nil
	}
	elems := make([]int64, len(v.Content))
	for i, d := range v.Content {
		if elems[i], ok = d.Int(); !ok {
			return nil
		}
	}
	t, err := tensor.FromInt64s(v.DType, elems, dims...)
	if err != nil {
		return nil
	}
	return t
}

// constantShape gives a Reshape whose target is computed a constant one, where
// at most one of the result's dims is neither known nor copied from the input.
func constantShape(p *ir.Patch, n *ir.Node) bool {
	if n.Op != "Reshape" || n.In(1) == nil || n.In(1).IsConst() {
		return false
	}
	target, ok := Target(n.In(0).Shape, n.Out(0).Shape)
	if !ok {
		return false
	}
	p.SetInput(n, 1, p.Const(n.Name+"_shape", tensor.Of(target, len(target))))
	p.SetAttr(n, "allowzero", nil)
	return true
}

// Target is the shape operand of a Reshape (with allowzero off) that makes out
// of in; false where it takes more than one unknown number.
func Target(in, out ir.Shape) ([]int64, bool) {
	if in == nil || out == nil {
		return nil, false
	}
	target := make([]int64, len(out))
	open := -1
	for i, d := range out {
		n, static := d.Int()
		switch {
		case static && n != 0:
			target[i] = n
		case static:
			return nil, false // empty tensors are not worth the special cases
		case i < len(in) && in[i].Equal(d):
			target[i] = 0
		case open < 0:
			open, target[i] = i, -1
		default:
			return nil, false
		}
	}
	return target, true
}

// random reports whether a body of n differs from run to run.
func random(n *ir.Node) bool {
	return slices.ContainsFunc(n.Bodies(), func(g *ir.Graph) bool {
		return slices.ContainsFunc(g.Nodes, func(m *ir.Node) bool { return keep[m.Op] || random(m) })
	})
}

func constantInputs(n *ir.Node) ([]*tensor.Tensor, bool) {
	in := make([]*tensor.Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		if v == nil {
			continue
		}
		if !v.IsConst() {
			return nil, false
		}
		in[i] = v.Const
	}
	return in, len(in) > 0
}

// tooBig says why computing n would make the model grow too much.
func tooBig(n *ir.Node, in []*tensor.Tensor, growth int) string {
	inBytes, inElems := 0, 0
	for _, t := range in {
		if t != nil {
			inBytes += t.Size()
			inElems += t.Len()
		}
	}
	limit := 4*inBytes + growth
	outBytes := 0
	for _, v := range n.Outputs {
		if v == nil {
			continue
		}
		dims, ok := v.Shape.Ints()
		if !ok {
			if inElems > 1<<20 {
				return "the size of its result is not known"
			}
			continue
		}
		elems, err := tensor.NumElements(dims)
		if err != nil {
			return err.Error()
		}
		if elems > limit { // before ByteSize can overflow
			return fmt.Sprintf("its result has %d elements, its inputs %d", elems, inElems)
		}
		outBytes += v.DType.ByteSize(elems)
	}
	if outBytes > limit {
		return fmt.Sprintf("its result has %d bytes, its inputs %d", outBytes, inBytes)
	}
	return ""
}
