package reference_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"slipway/conversion/ir"
	"slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
	"slipway/runtimes"
	"slipway/runtimes/reference"
)

func newRuntime() *reference.Runtime {
	return reference.New(func(ctx context.Context, path string) (*ir.Graph, func() error, error) {
		m, err := onnx.Source{}.Open(ctx, path, source.Options{Registry: all.Registry()})
		if err != nil {
			return nil, nil, err
		}
		return m.Graph, m.Close, nil
	}, all.Registry())
}

// sample makes a reproducible input of the described type.
func sample(d runtimes.IO, scale float64) (*tensor.Tensor, error) {
	shape := append([]int{}, d.Shape...)
	n := 1
	for i, d := range shape {
		if d < 0 {
			shape[i] = 1
		}
		n *= shape[i]
	}
	r := rand.New(rand.NewPCG(3, 5))
	v := make([]float64, n)
	for i := range v {
		v[i] = r.Float64() * scale
	}
	return tensor.FromFloat64s(d.DType, v, shape...)
}

var zooModels = []struct {
	path  string
	scale float64
	tol   float64 // of the output's range
}{
	{"imagenet/efficientnet-lite0.onnx", 1, 1e-4},
	{"imagenet/squeezenet_fp16.onnx", 100, 2e-2},
	{"cifar/resnet20_cifar10.onnx", 1, 1e-4},
	{"tiny/mnist.onnx", 1, 1e-4},
	{"detect/yolox_nano_coco.onnx", 255, 1e-4},
	{"torch/mobilenet_v3_small_raw.onnx", 1, 1e-4},
}

// TestZooAgainstVendor compares the reference with ONNX Runtime on real models.
func TestZooAgainstVendor(t *testing.T) {
	zoo := testkit.Zoo(t)
	var jobs []testkit.Job
	var inputs []*tensor.Tensor
	var sessions []runtimes.Session
	for _, z := range zooModels {
		path := filepath.Join(zoo, z.path)
		s, err := newRuntime().Open(context.Background(), runtimes.Model{Path: path}, runtimes.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		in := s.Inputs()[0]
		x, err := sample(in, z.scale)
		if err != nil {
			t.Fatal(err)
		}
		sessions, inputs = append(sessions, s), append(inputs, x)
		jobs = append(jobs, testkit.Job{Runtime: "onnxruntime", Model: path, Inputs: map[string]*tensor.Tensor{in.Name: x}})
	}
	for i, r := range testkit.Vendor(t, jobs) {
		z, s := zooModels[i], sessions[i]
		if r.Err != "" {
			t.Fatalf("%s: %s", z.path, r.Err)
		}
		got, err := s.Run(context.Background(), inputs[i:i+1])
		if err != nil {
			t.Fatalf("%s: %v", z.path, err)
		}
		for j, o := range s.Outputs() {
			want := r.Outputs[o.Name]
			if want == nil {
				t.Fatalf("%s: no output %q", z.path, o.Name)
			}
			off, span := distance(got[j].Float64s(), want.Float64s())
			t.Logf("%s %s: off by %.2g of range %.3g", z.path, o.Name, off, span)
			if !(off <= z.tol*span) {
				t.Errorf("%s %s: off by %g where %g is allowed", z.path, o.Name, off, z.tol*span)
			}
		}
	}
}

// distance is the largest difference and the range of want.
func distance(got, want []float64) (off, span float64) {
	if len(got) != len(want) {
		return math.Inf(1), 0
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for i := range want {
		off = math.Max(off, math.Abs(got[i]-want[i]))
		lo, hi = math.Min(lo, want[i]), math.Max(hi, want[i])
	}
	return off, hi - lo
}

// TestMobileNetAgainstPyTorch compares with outputs that PyTorch computed.
func TestMobileNetAgainstPyTorch(t *testing.T) {
	dir := filepath.Join(testkit.Zoo(t), "torch")
	x, want := readNpz(t, filepath.Join(dir, "mobilenet_v3_small.ref.npz"), "x"), readNpz(t, filepath.Join(dir, "mobilenet_v3_small.ref.npz"), "y")
	m, err := onnx.Source{}.Open(context.Background(), filepath.Join(dir, "mobilenet_v3_small_raw.onnx"),
		source.Options{Registry: all.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	got, err := reference.Eval(context.Background(), m.Graph, all.Registry(), []*tensor.Tensor{x}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	off, span := distance(got[0].Float64s(), want.Float64s())
	t.Logf("off by %.2g of range %.3g", off, span)
	if !(off <= 1e-4*span) {
		t.Errorf("off by %g of range %g", off, span)
	}
}

// readNpz reads a float32 array of a NumPy archive.
func readNpz(t *testing.T, path, name string) *tensor.Tensor {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open(name + ".npy")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	head := 10 + int(binary.LittleEndian.Uint16(b[8:]))
	list := regexp.MustCompile(`'shape': \(([0-9, ]*)\)`).FindSubmatch(b[:head])
	if list == nil || !bytes.Contains(b[:head], []byte("'<f4'")) {
		t.Fatalf("%s: header %q", path, b[:head])
	}
	var shape []int
	for _, d := range strings.Split(string(list[1]), ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(d)); err == nil {
			shape = append(shape, n)
		}
	}
	x, err := tensor.FromBytes(tensor.Float32, shape, b[head:])
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func BenchmarkZoo(b *testing.B) {
	for _, z := range zooModels {
		b.Run(filepath.Base(z.path), func(b *testing.B) {
			s, err := newRuntime().Open(context.Background(), runtimes.Model{Path: filepath.Join(testkit.Zoo(b), z.path)}, runtimes.Options{Profile: true})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			x, err := sample(s.Inputs()[0], z.scale)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := s.Run(context.Background(), []*tensor.Tensor{x}); err != nil {
					b.Fatal(err)
				}
			}
			trace, err := s.(runtimes.Tracer).Trace(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			kinds := map[string]time.Duration{}
			for _, l := range trace {
				kinds[l.Type] += l.Time
			}
			b.Log(fmt.Sprint(kinds))
		})
	}
}
