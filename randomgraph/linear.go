package randomgraph

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/tensor"
)

var linear = map[string]generator{
	"MatMul": func(d *drawer) *draft {
		types := slices.Concat(floats, integers)
		a := d.some(types, 1, 4)
		return &draft{in: []*ir.Value{a, d.factor(a, a.DType)}}
	},
	"MatMulInteger": func(d *drawer) *draft {
		a := d.some(bytes, 1, 3)
		b := d.factor(a, oneOf(d, bytes...))
		in := []*ir.Value{a, b, nil, nil}
		if d.chance(2) {
			in[2] = d.from(a.DType, []float64{float64(d.between(0, 3))})
		}
		if d.chance(2) {
			in[3] = d.from(b.DType, []float64{float64(d.between(0, 3))})
		}
		return &draft{in: in}
	},
	"Gemm":       gemm,
	"Einsum":     einsum,
	"Softmax":    alongAxis,
	"LogSoftmax": alongAxis,
	"Hardmax":    alongAxis,
}

// factor makes or finds a second factor of a matrix product with a.
func (d *drawer) factor(a *ir.Value, t tensor.DType) *ir.Value {
	s := d.value(a).Shape()
	k := s[len(s)-1]
	var batch []int
	if len(s) > 2 {
		batch = s[:len(s)-2]
	}
	return d.pick([]tensor.DType{t}, func(x *tensor.Tensor) bool {
		b := x.Shape()
		switch {
		case len(b) == 0 || x.Len() == 0:
			return false
		case len(b) == 1:
			return b[0] == k
		}
		return b[len(b)-2] == k && len(b) <= 4 && broadcasts(batch, b[:len(b)-2])
	}, func() []int {
		if d.chance(6) {
			return []int{k}
		}
		b := []int{k, d.between(1, 5)}
		if d.chance(3) {
			b = append(d.likeShape(batch), b...)
		}
		return b
	})
}

func gemm(d *drawer) *draft {
	a := d.pick(floats, notEmpty(2, 2), func() []int { return d.shape(2, 2) })
	s := d.value(a).Shape()
	ta, tb := d.flag(), d.flag()
	m, k := s[0], s[1]
	if ta == 1 {
		m, k = k, m
	}
	b := d.pick([]tensor.DType{a.DType}, func(t *tensor.Tensor) bool {
		return t.Rank() == 2 && t.Len() > 0 && t.Shape()[tb] == k
	}, func() []int {
		n := d.between(1, 6)
		if tb == 1 {
			return []int{n, k}
		}
		return []int{k, n}
	})
	in := []*ir.Value{a, b}
	if !d.chance(3) {
		n := d.value(b).Shape()[1-tb]
		in = append(in, d.pick([]tensor.DType{a.DType}, func(t *tensor.Tensor) bool { return into([]int{m, n}, t.Shape()) },
			func() []int { return oneOf(d, []int{n}, []int{1, n}, []int{m, 1}, []int{m, n}, []int{1}, []int{}) }))
	}
	attrs := merge(reals("alpha", "beta")(d), ir.Attrs{"transA": ta, "transB": tb})
	return &draft{in: in, attrs: attrs}
}

// einsum draws one of the common forms; sizes of one letter agree.
func einsum(d *drawer) *draft {
	form := oneOf(d,
		[]string{"ij,jk->ik", "ij", "jk"}, []string{"ij->ji", "ij"}, []string{"ij->i", "ij"}, []string{"ii->i", "ii"},
		[]string{"bij,bjk->bik", "bij", "bjk"}, []string{"bhid,bhjd->bhij", "bhid", "bhjd"}, []string{"i,j->ij", "i", "j"},
		[]string{"bij,kj->bik", "bij", "kj"}, []string{"ij,ij->", "ij", "ij"}, []string{"ij,jk", "ij", "jk"},
		[]string{"abc,cd,de->abe", "abc", "cd", "de"}, []string{"bsd,hdk->bhsk", "bsd", "hdk"}, []string{"...ij,...jk->...ik", "bij", "bjk"})
	size := map[rune]int{}
	t := oneOf(d, floats...)
	var in []*ir.Value
	for _, letters := range form[1:] {
		fits := func(x *tensor.Tensor) bool {
			if x.Rank() != len(letters) || x.Len() == 0 {
				return false
			}
			seen := map[rune]int{}
			for i, l := range letters {
				n := x.Shape()[i]
				if size[l] != 0 && size[l] != n || seen[l] != 0 && seen[l] != n {
					return false
				}
				seen[l] = n
			}
			return true
		}
		v := d.pick([]tensor.DType{t}, fits, func() []int {
			s := make([]int, 0, len(letters))
			here := map[rune]int{}
			for _, l := range letters {
				n := size[l]
				if n == 0 {
					n = here[l]
				}
				if n == 0 {
					n = d.between(1, 4)
				}
				here[l] = n
				s = append(s, n)
			}
			return s
		})
		for i, l := range letters {
			size[l] = d.value(v).Shape()[i]
		}
		in = append(in, v)
	}
	return &draft{in: in, attrs: ir.Attrs{"equation": form[0]}}
}

func alongAxis(d *drawer) *draft {
	x := d.some(floats, 1, 5)
	attrs := ir.Attrs{}
	if !d.chance(3) {
		attrs["axis"] = d.axis(d.value(x).Rank())
	}
	return &draft{in: []*ir.Value{x}, attrs: attrs}
}
