package ir

import (
	"strconv"
	"strings"
)

// DimTerm is one summand of a Dim: Coef times the product of Factors; without
// factors it is the number Coef.
type DimTerm struct {
	Coef    int64
	Factors []DimFactor
}

// DimFactor is a plain symbol or, where Symbol is "", floor(Of/By).
type DimFactor struct {
	Symbol string
	Of     Dim
	By     int64
}

// Terms are the summands of d, so that it can be computed elsewhere; false where
// one is neither a symbol nor a division by a number.
func (d Dim) Terms() ([]DimTerm, bool) {
	var out []DimTerm
	for _, t := range d.terms {
		x := DimTerm{Coef: t.coef}
		for _, a := range splitAtoms(t.atoms) {
			f, ok := factor(a)
			if !ok {
				return nil, false
			}
			x.Factors = append(x.Factors, f)
		}
		out = append(out, x)
	}
	if d.c != 0 || len(out) == 0 {
		out = append(out, DimTerm{Coef: d.c})
	}
	return out, true
}

// Counts reports whether d is known never to be negative, whatever the sizes
// that its symbols stand for.
func (d Dim) Counts() bool {
	terms, ok := d.Terms()
	for _, t := range terms {
		ok = ok && t.Coef >= 0
		for _, f := range t.Factors {
			ok = ok && (f.Symbol != "" || f.Of.Counts())
		}
	}
	return ok
}

// Follows reports whether d can be computed from the plain symbols that known
// reports.
func (d Dim) Follows(known func(symbol string) bool) bool {
	terms, ok := d.Terms()
	for _, t := range terms {
		for _, f := range t.Factors {
			ok = ok && (f.Symbol != "" && known(f.Symbol) || f.Symbol == "" && f.Of.Follows(known))
		}
	}
	return ok
}

// factor reads one atom: a symbol, or what FloorDiv made.
func factor(atom string) (DimFactor, bool) {
	if !strings.ContainsAny(atom, "()/") {
		return DimFactor{Symbol: atom}, atom != ""
	}
	inner, ok := strings.CutPrefix(atom, "floor((")
	inner, closed := strings.CutSuffix(inner, ")")
	at := strings.LastIndex(inner, ")/")
	if !ok || !closed || at < 0 {
		return DimFactor{}, false
	}
	by, err := strconv.ParseInt(inner[at+2:], 10, 64)
	of, ok := ParseDim(inner[:at])
	if err != nil || by <= 0 || !ok {
		return DimFactor{}, false
	}
	return DimFactor{Of: of, By: by}, true
}

// ParseDim reads what Dim.String writes.
func ParseDim(s string) (Dim, bool) {
	d := Dim{}
	depth, start := 0, 0
	add := func(part string) bool {
		t := Static(1)
		if rest, ok := strings.CutPrefix(part, "-"); ok {
			t, part = Static(-1), rest
		}
		for _, a := range splitAtoms(strings.TrimPrefix(part, "+")) {
			n, err := strconv.ParseInt(a, 10, 64)
			switch {
			case err == nil:
				t = t.Mul(Static(n))
			case a == "":
				return false
			default:
				t = t.Mul(Symbol(a))
			}
		}
		d = d.Add(t)
		return true
	}
	for i, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case (r == '+' || r == '-') && depth == 0 && i > start:
			if !add(s[start:i]) {
				return d, false
			}
			start = i
		}
	}
	return d, add(s[start:]) && d.String() == s
}
