package onnxfile

import (
	_ "embed"
	"fmt"
	"strconv"
	"sync"

	"slipway/conversion/tensor"
)

//go:embed kernels.txt
var kernelText string

// kernel is what ONNX Runtime's CPU computes of one operator from one operator
// set on.
type kernel struct {
	since     int
	none      bool     // it has none
	ins, outs []uint32 // sets of element types; the last holds for all further ones
}

// kernels are the versions of each operator, oldest first. An operator without an
// entry is computed by the function that defines it.
var kernels = sync.OnceValue(func() map[string][]kernel {
	m, err := parseKernels(kernelText)
	if err != nil {
		panic(err) // the table is part of the program, and a test parses it
	}
	return m
})

func parseKernels(text string) (map[string][]kernel, error) {
	m := map[string][]kernel{}
	return m, parseTable(text, 4, func(f []string, sets []uint32) (err error) {
		k := kernel{none: f[2] == "-" && f[3] == "-"}
		if k.since, err = strconv.Atoi(f[1]); err != nil {
			return err
		}
		if k.ins, k.outs, err = parseSignature(f[2], f[3], sets); err != nil {
			return err
		}
		m[f[0]] = append(m[f[0]], k)
		return nil
	})
}

// lacksKernel says why ONNX Runtime does not compute a spelled node, "" where it
// does.
func lacksKernel(f *form, opset int) string {
	s := find(f.op, opset)
	if s == nil {
		return ""
	}
	for _, k := range kernels()[f.op] {
		if k.since != s.since {
			continue
		}
		if k.none {
			return "ONNX Runtime has no kernel of " + f.op
		}
		for i, o := range f.in {
			if d := o.dtype(); d != tensor.Invalid && !holds(k.ins, i, d) {
				return fmt.Sprintf("ONNX Runtime has no kernel of %s that takes %v as input %d", f.op, d, i)
			}
		}
		for i, v := range f.out {
			if v != nil && v.DType != tensor.Invalid && !holds(k.outs, i, v.DType) {
				return fmt.Sprintf("ONNX Runtime has no kernel of %s that makes %v", f.op, v.DType)
			}
		}
	}
	return ""
}
