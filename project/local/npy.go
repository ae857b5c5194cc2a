package local

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/tensor"
	"slipway/runtimes"
)

// maxTensorFile bounds a file of tensors.
const maxTensorFile = 4 << 30

// readTensors reads the inputs of one or more runs from an .npy or .npz file: an
// array with more items along its first axis than the input has is cut into
// several runs.
func readTensors(path string, inputs []*ir.Value) ([][]*tensor.Tensor, error) {
	bad := func(format string, args ...any) error {
		return diag.Errorf("quantize.calibration-data", format, args...).In(path)
	}
	named := map[string]*tensor.Tensor{}
	var order []string
	if strings.EqualFold(filepath.Ext(path), ".npy") {
		st, err := os.Stat(path)
		if err != nil || st.Size() > maxTensorFile {
			return nil, bad("cannot be read, or is too large")
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, bad("cannot be read: %v", err)
		}
		x, err := parseNPY(b)
		if err != nil {
			return nil, bad("%v", err)
		}
		named[""], order = x, []string{""}
	} else {
		z, err := zip.OpenReader(path)
		if err != nil {
			return nil, bad("is no .npz file: %v", err)
		}
		defer z.Close()
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				return nil, bad("%s: %v", f.Name, err)
			}
			b, err := io.ReadAll(io.LimitReader(r, maxTensorFile))
			r.Close()
			if err != nil {
				return nil, bad("%s: %v", f.Name, err)
			}
			name := strings.TrimSuffix(f.Name, ".npy")
			if named[name], err = parseNPY(b); err != nil {
				return nil, bad("%s: %v", f.Name, err)
			}
			order = append(order, name)
		}
		sort.Strings(order)
	}
	var out [][]*tensor.Tensor
	for i, v := range inputs {
		x := named[v.Name]
		if x == nil && len(order) == len(inputs) {
			x = named[order[i]]
		}
		if x == nil {
			return nil, bad("has no tensor for input %q", v.Name)
		}
		runs, err := fit(x, v)
		if err != nil {
			return nil, bad("input %q: %v", v.Name, err)
		}
		if i == 0 {
			out = make([][]*tensor.Tensor, len(runs))
		}
		if len(runs) != len(out) {
			return nil, bad("input %q has %d items, the first input %d", v.Name, len(runs), len(out))
		}
		for k, r := range runs {
			out[k] = append(out[k], r)
		}
	}
	return out, nil
}

// fit gives x the input's type and, where it lacks only the batch, its rank, and
// cuts it along the first axis into tensors of the input's shape.
func fit(x *tensor.Tensor, v *ir.Value) ([]*tensor.Tensor, error) {
	x, err := x.Cast(v.DType)
	if err != nil {
		return nil, err
	}
	if v.Shape != nil && x.Rank() == len(v.Shape)-1 {
		if x, err = x.Reshape(append([]int{1}, x.Shape()...)...); err != nil {
			return nil, err
		}
	}
	if v.Shape == nil {
		return []*tensor.Tensor{x}, nil
	}
	if x.Rank() != len(v.Shape) {
		return nil, fmt.Errorf("shape %v does not fit %v", x.Shape(), v.Shape)
	}
	items := 1
	for i, d := range v.Shape {
		n, ok := d.Int()
		switch {
		case !ok || int(n) == x.Shape()[i]:
		case i == 0 && n > 0 && x.Shape()[0]%int(n) == 0:
			items = x.Shape()[0] / int(n)
		default:
			return nil, fmt.Errorf("shape %v does not fit %v", x.Shape(), v.Shape)
		}
	}
	if items == 1 {
		return []*tensor.Tensor{x}, nil
	}
	shape := append([]int{x.Shape()[0] / items}, x.Shape()[1:]...)
	size := len(x.Bytes()) / items
	out := make([]*tensor.Tensor, items)
	for k := range out {
		if out[k], err = tensor.FromBytes(x.DType(), shape, x.Bytes()[k*size:(k+1)*size]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// calibrationTensors are up to n inputs from the .npy and .npz files in a folder,
// for verification; none where the folder holds other things.
func calibrationTensors(dir string, ios []runtimes.IO, n int) ([][]*tensor.Tensor, error) {
	var inputs []*ir.Value
	for _, io := range ios {
		v := &ir.Value{Name: io.Name, DType: io.DType}
		for k, d := range io.Shape {
			if d < 0 {
				v.Shape = append(v.Shape, ir.Symbol(fmt.Sprintf("d%d", k)))
			} else {
				v.Shape = append(v.Shape, ir.Static(int64(d)))
			}
		}
		inputs = append(inputs, v)
	}
	var out [][]*tensor.Tensor
	for _, pattern := range []string{"*.npy", "*.npz"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if len(out) >= n {
				return out[:n], nil
			}
			runs, err := readTensors(f, inputs)
			if err != nil {
				return nil, err
			}
			out = append(out, runs...)
		}
	}
	return out[:min(n, len(out))], nil
}

var npyTypes = map[string]tensor.DType{
	"<f4": tensor.Float32, "<f2": tensor.Float16, "<f8": tensor.Float64, "|i1": tensor.Int8, "|u1": tensor.Uint8, "<i2": tensor.Int16,
	"<u2": tensor.Uint16, "<i4": tensor.Int32, "<u4": tensor.Uint32, "<i8": tensor.Int64, "<u8": tensor.Uint64, "|b1": tensor.Bool,
}

var (
	npyDescr = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape = regexp.MustCompile(`'shape':\s*\(([^)]*)\)`)
)

// parseNPY reads NumPy's format (numpy.lib.format, versions 1 to 3),
// little-endian and in row-major order.
func parseNPY(b []byte) (*tensor.Tensor, error) {
	if len(b) < 12 || !bytes.HasPrefix(b, []byte("\x93NUMPY")) {
		return nil, fmt.Errorf("is no .npy file")
	}
	size, at := int(binary.LittleEndian.Uint16(b[8:])), 10
	if b[6] >= 2 {
		size, at = int(binary.LittleEndian.Uint32(b[8:])), 12
	}
	if size < 0 || size > len(b)-at {
		return nil, fmt.Errorf("is cut short")
	}
	head := string(b[at : at+size])
	descr, order, shape := npyDescr.FindStringSubmatch(head), npyOrder.FindStringSubmatch(head), npyShape.FindStringSubmatch(head)
	if descr == nil || order == nil || shape == nil {
		return nil, fmt.Errorf("has a header that is not understood")
	}
	d, ok := npyTypes[descr[1]]
	if !ok {
		return nil, fmt.Errorf("has elements of type %q, which are not read", descr[1])
	}
	if order[1] == "True" {
		return nil, fmt.Errorf("is in column-major order: save it with numpy.ascontiguousarray")
	}
	var dims []int
	for _, s := range strings.Split(shape[1], ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, fmt.Errorf("has shape (%s)", shape[1])
		}
		dims = append(dims, n)
	}
	x, err := tensor.FromBytes(d, dims, b[at+size:])
	if err != nil {
		return nil, err
	}
	return x, nil
}
