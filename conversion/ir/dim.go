package ir

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Dim is one dimension of a shape: an integer, or a polynomial over symbols
// such as N or 2*N+1. The zero value is the static dimension 0. Dims are
// values; compare with Equal.
type Dim struct {
	c     int64
	terms []term // sorted by atoms, coefficients non-zero
}

type term struct {
	coef  int64
	atoms string // symbols and floor(…) atoms joined by "*", sorted
}

// Static makes a known dimension.
func Static(n int64) Dim { return Dim{c: n} }

// Symbol makes a symbolic dimension. Equal names mean equal sizes.
func Symbol(name string) Dim { return Dim{terms: []term{{1, name}}} }

// IsStatic reports whether the size is known.
func (d Dim) IsStatic() bool { return len(d.terms) == 0 }

// Int is the size and true, or 0 and false for a symbolic dimension.
func (d Dim) Int() (int64, bool) {
	if d.IsStatic() {
		return d.c, true
	}
	return 0, false
}

// Is reports whether d is the static size n.
func (d Dim) Is(n int64) bool { return d.IsStatic() && d.c == n }

// Equal reports whether a and b are known to be the same size.
func (d Dim) Equal(b Dim) bool { return d.c == b.c && slices.Equal(d.terms, b.terms) }

// String prints the canonical expression: 224, N, 2*N+1, floor((H-1)/2)+1.
func (d Dim) String() string {
	if d.IsStatic() {
		return strconv.FormatInt(d.c, 10)
	}
	var b strings.Builder
	for i, t := range d.terms {
		switch {
		case t.coef == -1:
			b.WriteString("-")
		case t.coef < 0:
			fmt.Fprintf(&b, "%d*", t.coef)
		default:
			if i > 0 {
				b.WriteString("+")
			}
			if t.coef != 1 {
				fmt.Fprintf(&b, "%d*", t.coef)
			}
		}
		b.WriteString(t.atoms)
	}
	if d.c != 0 {
		fmt.Fprintf(&b, "%+d", d.c)
	}
	return b.String()
}

// Add is d+b.
func (d Dim) Add(b Dim) Dim { return combine(d, b, 1) }

// Sub is d-b.
func (d Dim) Sub(b Dim) Dim { return combine(d, b, -1) }

// AddInt is d+n.
func (d Dim) AddInt(n int64) Dim { d.c += n; return d }

func combine(a, b Dim, sign int64) Dim {
	m := map[string]int64{}
	for _, t := range a.terms {
		m[t.atoms] += t.coef
	}
	for _, t := range b.terms {
		m[t.atoms] += sign * t.coef
	}
	return fromMap(a.c+sign*b.c, m)
}

func fromMap(c int64, m map[string]int64) Dim {
	d := Dim{c: c}
	for a, k := range m {
		if k != 0 {
			d.terms = append(d.terms, term{k, a})
		}
	}
	sort.Slice(d.terms, func(i, j int) bool { return d.terms[i].atoms < d.terms[j].atoms })
	return d
}

// Mul is d*b.
func (d Dim) Mul(b Dim) Dim {
	m := map[string]int64{}
	for _, x := range append([]term{{d.c, ""}}, d.terms...) {
		for _, y := range append([]term{{b.c, ""}}, b.terms...) {
			m[joinAtoms(x.atoms, y.atoms)] += x.coef * y.coef
		}
	}
	c := m[""]
	delete(m, "")
	return fromMap(c, m)
}

func joinAtoms(a, b string) string {
	if a == "" {
		return b
	}
	if b == "" {
		return a
	}
	all := append(splitAtoms(a), splitAtoms(b)...)
	sort.Strings(all)
	return strings.Join(all, "*")
}

// splitAtoms splits at "*" outside parentheses.
func splitAtoms(s string) []string {
	var out []string
	depth, start := 0, 0
	for i, r := range s {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case '*':
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}

// FloorDiv is floor(d/k) for k > 0; it stays exact where every coefficient is a
// multiple of k, and becomes an opaque atom otherwise.
func (d Dim) FloorDiv(k int64) Dim {
	if k <= 0 {
		return Symbol(fmt.Sprintf("floor((%v)/%d)", d, k))
	}
	if d.IsStatic() {
		q := d.c / k
		if d.c%k != 0 && d.c < 0 {
			q--
		}
		return Static(q)
	}
	m, rest, restC := map[string]int64{}, map[string]int64{}, d.c%k
	if restC < 0 {
		restC += k
	}
	for _, t := range d.terms {
		if t.coef%k == 0 {
			m[t.atoms] = t.coef / k
		} else {
			rest[t.atoms] = t.coef
		}
	}
	whole := fromMap((d.c-restC)/k, m)
	if len(rest) == 0 {
		return whole
	}
	r := fromMap(restC, rest)
	return whole.Add(Symbol(fmt.Sprintf("floor((%v)/%d)", r, k)))
}

// Div is the exact quotient d/b and true where it is known to be one; used to
// solve the -1 of Reshape.
func (d Dim) Div(b Dim) (Dim, bool) {
	if n, ok := b.Int(); ok {
		if n == 0 {
			return Dim{}, false
		}
		q := Dim{}
		if d.c%n != 0 {
			return Dim{}, false
		}
		q.c = d.c / n
		for _, t := range d.terms {
			if t.coef%n != 0 {
				return Dim{}, false
			}
			q.terms = append(q.terms, term{t.coef / n, t.atoms})
		}
		return q, true
	}
	if d.Equal(b) {
		return Static(1), true
	}
	if d.IsStatic() && d.c == 0 {
		return Static(0), true
	}
	if b.c != 0 || len(b.terms) != 1 || d.c != 0 {
		return Dim{}, false
	}
	m := map[string]int64{}
	c := int64(0)
	for _, t := range d.terms {
		if t.coef%b.terms[0].coef != 0 {
			return Dim{}, false
		}
		left := splitAtoms(t.atoms)
		for _, a := range splitAtoms(b.terms[0].atoms) {
			i := slices.Index(left, a)
			if i < 0 {
				return Dim{}, false
			}
			left = slices.Delete(left, i, i+1)
		}
		if len(left) == 0 {
			c += t.coef / b.terms[0].coef
		} else {
			m[strings.Join(left, "*")] += t.coef / b.terms[0].coef
		}
	}
	return fromMap(c, m), true
}

// With is the size where every plain symbol has the value that size tells; false
// where d cannot be computed from symbols.
func (d Dim) With(size func(symbol string) int64) (int64, bool) {
	terms, ok := d.Terms()
	if !ok {
		return 0, false
	}
	n := int64(0)
	for _, t := range terms {
		k := t.Coef
		for _, f := range t.Factors {
			if f.Symbol != "" {
				k *= size(f.Symbol)
				continue
			}
			x, ok := f.Of.With(size)
			if !ok {
				return 0, false
			}
			q, _ := Static(x).FloorDiv(f.By).Int()
			k *= q
		}
		n += k
	}
	return n, true
}

// Symbols lists the plain symbol names in d, sorted; atoms made by FloorDiv are
// returned whole.
func (d Dim) Symbols() []string {
	var out []string
	for _, t := range d.terms {
		out = append(out, splitAtoms(t.atoms)...)
	}
	sort.Strings(out)
	return slices.Compact(out)
}
