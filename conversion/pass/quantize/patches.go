package quantize

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

// patches are rows of what one product's weights are multiplied with: the inputs
// of single results, at random positions of the calibration inputs.
type patches struct {
	value  string // the tensor that is read
	rows   int    // wanted of each calibration input
	width  int    // elements of one row, over all groups
	reader reader
	inputs [][]float32 // rows of each calibration input
}

// reader cuts rows out of a tensor: out[i] is the row for the result at position
// at[i], of positions in total.
type reader interface {
	positions(shape []int) int
	cut(v []float32, shape []int, at []int, out []float32)
}

// The rows that compensation looks at: a multiple of the length of one row, since
// fewer say nothing of many directions, within limits.
const (
	rowsPerColumn = 8
	fewestRows    = 256
	mostRows      = 4096
	rowsNeeded    = 2         // for each column: fewer say more about themselves than about inputs to come
	patchesBytes  = 320 << 20 // of all layers
	longestRow    = 4608      // elements that are rounded together; longer rows are cut
)

// collects lists the patches that compensating the plan's products needs, by
// layer. Products that read one tensor alike share theirs.
func (p *Plan) collects(inputs int) map[*ir.Node]*patches {
	out := map[*ir.Node]*patches{}
	shared := map[string]*patches{}
	total := 0
	for _, n := range p.g.Nodes {
		if p.roles[n] != product || !n.In(1).IsConst() {
			continue
		}
		w := n.In(1).Const.Shape()
		var r reader
		width, depth := 0, 0
		switch n.Op {
		case "Conv":
			c, ok := newWindow(n)
			if !ok {
				continue
			}
			groups := int(n.Int("group", 1))
			depth = w[1] * c.taps()
			r, width = c, depth*groups
		case "MatMul", "Gemm":
			depth = w[1-outputAxis(n)]
			r, width = lines{}, depth
		default:
			continue
		}
		// Rows are cut into parts that are rounded together, and so many results
		// there are. Smoothing makes do with fewer.
		_, matrix := r.(lines)
		if count, ok := results(n); ok && count*inputs*3/4 < rowsNeeded*min(depth, longestRow) && !(matrix && count*inputs >= smoothNeeded) {
			continue
		}
		key := fmt.Sprintf("%s %v", n.In(0).Name, r)
		s := shared[key]
		if s == nil {
			want := min(max(rowsPerColumn*depth, fewestRows), mostRows)
			s = &patches{value: n.In(0).Name, width: width, reader: r, rows: (want + inputs - 1) / inputs}
			shared[key] = s
			total += s.rows * inputs * width * 4
		}
		out[n] = s
	}
	if total > patchesBytes {
		for _, s := range shared {
			s.rows = max(1, int(float64(s.rows)*patchesBytes/float64(total)))
		}
	}
	return out
}

// results is the number of rows that one input has for n.
func results(n *ir.Node) (int, bool) {
	shape, ok := n.Out(0).Shape.Ints()
	if !ok {
		return 0, false
	}
	count := 1
	for i, d := range shape {
		if i == 1 && n.Op == "Conv" || i == len(shape)-1 && n.Op != "Conv" {
			continue
		}
		count *= d
	}
	return count, true
}

// take adds rows of one more calibration input, of which v is the tensor. The
// positions depend on the tensor and the number of the input alone.
func (s *patches) take(t *tensor.Tensor, v []float32) {
	shape := t.Shape()
	n := s.reader.positions(shape)
	if n == 0 {
		return
	}
	h := fnv.New64a()
	h.Write([]byte(s.value))
	rng := rand.New(rand.NewPCG(h.Sum64(), uint64(len(s.inputs))))
	at := make([]int, min(s.rows, n))
	if len(at) == n {
		for i := range at {
			at[i] = i
		}
	} else {
		seen := map[int]bool{}
		for i := range at {
			for {
				k := rng.IntN(n)
				if !seen[k] {
					seen[k], at[i] = true, k
					break
				}
			}
		}
		slices.Sort(at)
	}
	out := make([]float32, len(at)*s.width)
	s.reader.cut(v, shape, at, out)
	s.inputs = append(s.inputs, out)
}

// lines reads the rows of a matrix, or of a batch of them.
type lines struct{}

func (lines) positions(shape []int) int {
	n := 1
	for _, d := range shape[:max(0, len(shape)-1)] {
		n *= d
	}
	return n
}

func (lines) cut(v []float32, shape []int, at []int, out []float32) {
	w := shape[len(shape)-1]
	for i, k := range at {
		copy(out[i*w:][:w], v[k*w:])
	}
}

// newWindow reads the attributes of a Conv; false where its border is not known.
func newWindow(n *ir.Node) (c *convolved, ok bool) {
	if a := n.Str("auto_pad", "NOTSET"); a != "NOTSET" && a != "VALID" {
		return nil, false
	}
	kernel := n.In(1).Const.Shape()[2:]
	c = &convolved{}
	get := func(name string, i int, def int64) int {
		if v := n.Ints(name); i < len(v) {
			return int(v[i])
		}
		return int(def)
	}
	for i, k := range kernel {
		c.axes = append(c.axes, axisWindow{
			kernel: k, stride: get("strides", i, 1), dilation: get("dilations", i, 1), before: get("pads", i, 0), after: get("pads", i+len(kernel), 0),
		})
	}
	return c, len(kernel) > 0
}

// convolved reads what a convolution's kernel covers: all taps of the first
// channel, then of the next, zero in the border.
type convolved struct{ axes []axisWindow }

type axisWindow struct{ kernel, stride, dilation, before, after int }

// String tells windows apart.
func (c *convolved) String() string { return fmt.Sprint(c.axes) }

func (c *convolved) taps() int {
	n := 1
	for _, a := range c.axes {
		n *= a.kernel
	}
	return n
}

func (a axisWindow) results(in int) int {
	return max(0, (in+a.before+a.after-a.dilation*(a.kernel-1)-1)/a.stride+1)
}

func (c *convolved) positions(shape []int) int {
	if len(shape) != len(c.axes)+2 {
		return 0
	}
	n := shape[0]
	for i, a := range c.axes {
		n *= a.results(shape[i+2])
	}
	return n
}

func (c *convolved) cut(v []float32, shape []int, at []int, out []float32) {
	channels, plane := shape[1], 1
	for _, d := range shape[2:] {
		plane *= d
	}
	taps := c.taps()
	from := make([]int, taps) // of each tap in the plane; -1: the border
	for i, k := range at {
		position := make([]int, len(c.axes))
		for j := len(c.axes) - 1; j >= 0; j-- {
			r := c.axes[j].results(shape[j+2])
			position[j], k = k%r, k/r
		}
		for t := range from {
			from[t] = 0
			rest, step := t, 1
			for j := len(c.axes) - 1; j >= 0; j-- {
				a := c.axes[j]
				x := position[j]*a.stride - a.before + rest%a.kernel*a.dilation
				rest /= a.kernel
				if x < 0 || x >= shape[j+2] {
					from[t] = -1
					break
				}
				from[t] += x * step
				step *= shape[j+2]
			}
		}
		row := out[i*channels*taps:][:channels*taps]
		for ch := range channels {
			src := v[(k*channels+ch)*plane:][:plane]
			for t, f := range from {
				if f >= 0 {
					row[ch*taps+t] = src[f]
				}
			}
		}
	}
}
