package onnxfile

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"slipway/conversion/tensor"
)

//go:embed schemas.txt
var schemaText string

// schema is the signature of one operator from one operator set on.
type schema struct {
	since     int
	min, max  int // number of inputs
	attrs     []string
	ins, outs []uint32 // sets of element types; the last holds for all further ones
}

// schemas are the versions of each operator, oldest first.
var schemas = sync.OnceValue(func() map[string][]schema {
	m, err := parseSchemas(schemaText)
	if err != nil {
		panic(err) // the table is part of the program, and a test parses it
	}
	return m
})

func parseSchemas(text string) (map[string][]schema, error) {
	m := map[string][]schema{}
	return m, parseTable(text, 7, func(f []string, sets []uint32) error {
		var s schema
		for i, dst := range []*int{&s.since, &s.min, &s.max} {
			n, err := strconv.Atoi(f[1+i])
			if err != nil {
				return err
			}
			*dst = n
		}
		if f[4] != "-" {
			s.attrs = strings.Split(f[4], ",")
		}
		var err error
		if s.ins, s.outs, err = parseSignature(f[5], f[6], sets); err != nil {
			return err
		}
		m[f[0]] = append(m[f[0]], s)
		return nil
	})
}

// find returns the signature in force in an operator set; nil where the
// operator is not in it.
func find(op string, opset int) *schema {
	var found *schema
	for i, s := range schemas()[op] {
		if s.since <= opset {
			found = &schemas()[op][i]
		}
	}
	return found
}

// check says why a spelled node does not fit the signature, "" where it does.
func (s *schema) check(f *form) string {
	if len(f.in) < s.min || len(f.in) > s.max {
		return fmt.Sprintf("has %d inputs", len(f.in))
	}
	for i, o := range f.in {
		if d := o.dtype(); d != tensor.Invalid && !holds(s.ins, i, d) {
			return fmt.Sprintf("does not take %v as input %d", d, i)
		}
	}
	for i, v := range f.out {
		if v != nil && v.DType != tensor.Invalid && !holds(s.outs, i, v.DType) {
			return fmt.Sprintf("does not make %v", v.DType)
		}
	}
	for _, a := range f.attrs.Keys() {
		if !slices.Contains(s.attrs, a) {
			return fmt.Sprintf("has no attribute %q", a)
		}
	}
	return ""
}

func holds(sets []uint32, i int, d tensor.DType) bool {
	if len(sets) == 0 {
		return false
	}
	return sets[min(i, len(sets)-1)]&(1<<d) != 0
}
