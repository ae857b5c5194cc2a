package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/ir"
	"slipway/conversion/schema/protofield"
	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
)

// testCase is one of ONNX's conformance cases. Values are read when they are
// needed.
type testCase struct {
	name    string // "abs"; "simple/sign_model" for those outside the folder node
	model   string
	inputs  []string // files, in the order of the model's inputs; none for light models
	outputs []string
}

// folders are those of the onnx package's backend test data, with the names that
// its test runner gives them.
var folders = []string{"node", "simple", "pytorch-converted", "pytorch-operator"}

// own are the folders of testdata: models of scikit-learn (made by classical.py
// beside them) and of libraries that boost trees (boosted.py).
var own = []string{"sklearn", "boosted"}

// list finds the cases under the test data of the Python package onnx, and our
// own, sorted.
func list(data string) ([]testCase, error) {
	var out []testCase
	for _, folder := range append(slices.Clone(folders), own...) {
		above := filepath.Join(data, folder)
		if slices.Contains(own, folder) {
			above = filepath.Join("testdata", folder)
		}
		dirs, err := os.ReadDir(above)
		if err != nil {
			return nil, err
		}
		for _, d := range dirs {
			root := filepath.Join(above, d.Name())
			c := testCase{name: strings.TrimPrefix(d.Name(), "test_"), model: filepath.Join(root, "model.onnx")}
			if folder != "node" {
				c.name = folder + "/" + c.name
			}
			c.inputs = numbered(filepath.Join(root, "test_data_set_0", "input_"))
			c.outputs = numbered(filepath.Join(root, "test_data_set_0", "output_"))
			if len(c.outputs) > 0 {
				out = append(out, c)
			}
		}
	}
	light, err := filepath.Glob(filepath.Join(data, "light", "*.onnx"))
	if err != nil {
		return nil, err
	}
	for _, m := range light {
		base := strings.TrimSuffix(m, ".onnx")
		out = append(out, testCase{name: "light/" + strings.TrimPrefix(filepath.Base(base), "light_"), model: m, outputs: []string{base + "_output_0.pb"}})
	}
	slices.SortFunc(out, func(a, b testCase) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

func numbered(prefix string) []string {
	var out []string
	for i := 0; ; i++ {
		f := prefix + strconv.Itoa(i) + ".pb"
		if _, err := os.Stat(f); err != nil {
			return out
		}
		out = append(out, f)
	}
}

// values reads what the case feeds to and wants from g. A light model's input
// is a ramp from 0 to 1, as ONNX's own runner makes it.
func (c testCase) values(g *ir.Graph) (in, want []*tensor.Tensor, err error) {
	for i, f := range c.inputs {
		if i >= len(g.Inputs) {
			return nil, nil, fmt.Errorf("%d input files for %d inputs", len(c.inputs), len(g.Inputs))
		}
		x, err := readValue(f, g.Inputs[i].DType)
		if err != nil {
			return nil, nil, fmt.Errorf("input %d: %w", i, err)
		}
		in = append(in, x)
	}
	if strings.HasPrefix(c.name, "light/") {
		for _, v := range g.Inputs {
			in = append(in, ramp(v.Shape))
		}
	}
	for i, f := range c.outputs {
		if i >= len(g.Outputs) {
			return nil, nil, fmt.Errorf("%d output files for %d outputs", len(c.outputs), len(g.Outputs))
		}
		x, err := readValue(f, g.Outputs[i].DType)
		if err != nil {
			return nil, nil, fmt.Errorf("output %d: %w", i, err)
		}
		want = append(want, x)
	}
	return in, want, nil
}

func ramp(s ir.Shape) *tensor.Tensor {
	dims, n := make([]int, len(s)), 1
	for i, d := range s {
		dims[i] = 1
		if k, ok := d.Int(); ok {
			dims[i] = int(k)
		}
		n *= dims[i]
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(float64(i) / float64(n))
	}
	return tensor.Of(v, dims...)
}

// readValue reads a TensorProto, SequenceProto or OptionalProto, by the type of
// the value it is for.
func readValue(file string, d tensor.DType) (*tensor.Tensor, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return decode(b, d)
}

func decode(b []byte, d tensor.DType) (*tensor.Tensor, error) {
	switch d {
	case tensor.Sequence:
		// SequenceProto (onnx.in.proto): tensor_values = 3.
		var items []*tensor.Tensor
		err := protofield.Each(b, func(num protowire.Number, _ uint64, m []byte) error {
			if num != 3 {
				return nil
			}
			x, err := onnx.ReadTensorProto(m)
			items = append(items, x)
			return err
		})
		return tensor.NewSequence(items...), err
	case tensor.Optional:
		// OptionalProto: tensor_value = 3, sequence_value = 5.
		var item *tensor.Tensor
		err := protofield.Each(b, func(num protowire.Number, _ uint64, m []byte) (err error) {
			switch num {
			case 3:
				item, err = onnx.ReadTensorProto(m)
			case 5:
				item, err = decode(m, tensor.Sequence)
			}
			return err
		})
		return tensor.NewOptional(item), err
	}
	return onnx.ReadTensorProto(b)
}
