package ncnn

import "slipway/conversion/ir"

// convComputed is Convolution or ConvolutionDepthWise whose weights are blobs.
func (e *emitter) convComputed(n *ir.Node, s []int) string {
	x := n.In(0)
	if len(s) != 3 && len(s) != 4 || full(x)[0] != 1 {
		return "of computed weights works on one picture of two spatial dimensions"
	}
	p, why := planeOf(n, x, n.Out(0), s[2:])
	if why != "" {
		return why
	}
	in := []*blob{e.as(x, full(x)[1], p.in[0], p.in[1]), e.as(n.In(1), s[0], s[1], p.kernel[0], p.kernel[1])}
	if b := n.In(2); b != nil {
		in = append(in, e.as(b, s[0]))
	}
	params := append(p.params(s[0]), num(5, len(in)-2), num(6, count(s)), num(19, 1))
	typ := "Convolution"
	if group := int(n.Int("group", 1)); group > 1 {
		typ = "ConvolutionDepthWise"
		params = append(params, num(7, group))
	}
	act, out := e.fused(n)
	e.set(out, e.add(typ, in, []int{s[0], p.out[0], p.out[1]}, append(params, act...)...))
	return ""
}
