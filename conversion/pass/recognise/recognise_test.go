package recognise_test

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	ops "slipway/conversion/ops/all"
	passall "slipway/conversion/pass/all"
	"slipway/conversion/pass/recognise"
	"slipway/conversion/source"
	"slipway/conversion/source/onnx"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// found is what every spelling of a pattern in testdata becomes.
var found = map[string]string{
	"layer_norm":               "LayerNormalization MatMul Add",
	"layer_norm_2axes":         "", // either normalization serves where there is no scale
	"layer_norm_plain":         "LayerNormalization",
	"layer_norm_hand":          "LayerNormalization",
	"layer_norm_channels":      "Transpose LayerNormalization Transpose",
	"layer_norm_read":          "ReduceMean Sub RMSNormalization",
	"rms_norm":                 "RMSNormalization MatMul Add",
	"rms_norm_torch":           "RMSNormalization",
	"group_norm":               "GroupNormalization Conv",
	"group_norm_one":           "GroupNormalization",
	"group_norm_plain":         "GroupNormalization",
	"instance_norm":            "InstanceNormalization",
	"gelu":                     "MatMul Add Gelu MatMul Add",
	"gelu_conv":                "Conv Gelu Conv",
	"gelu_tanh":                "MatMul Add Gelu MatMul Add",
	"gelu_tanh_hand":           "Gelu",
	"gelu_phi":                 "Gelu",
	"gelu_phi_last":            "Gelu",
	"gelu_digits":              "Gelu",
	"gelu_double":              "Gelu Mul",
	"gelu_stretched":           "Mul Gelu Mul",
	"quick_gelu":               "Swish",
	"silu":                     "Conv Swish Conv",
	"hard_swish":               "Conv HardSwish Conv",
	"hard_swish_relu6":         "HardSwish",
	"hard_sigmoid":             "Conv HardSigmoid Conv",
	"hard_sigmoid_relu6":       "HardSigmoid",
	"mish":                     "Conv Mish Conv",
	"mish_hand":                "Mish",
	"mish_log":                 "Mish",
	"softplus":                 "Softplus",
	"softplus_beta":            "Mul Softplus Div",
	"softplus_log":             "Softplus",
	"elu":                      "Elu",
	"leaky_relu":               "Conv LeakyRelu Conv",
	"leaky_relu_max":           "LeakyRelu",
	"leaky_relu_where":         "LeakyRelu",
	"prelu":                    "PRelu",
	"clip_minmax":              "Clip",
	"relu6":                    "Clip",
	"softmax_hand":             "Softmax",
	"l2_normalize":             "LpNormalization",
	"l2_normalize_channels":    "LpNormalization",
	"l2_plain":                 "", // nothing keeps the norm from zero
	"pixel_shuffle":            "DepthToSpace",
	"pixel_unshuffle":          "SpaceToDepth",
	"depth_to_space":           "DepthToSpace",
	"space_to_depth":           "SpaceToDepth",
	"focus":                    "", // only a convolution can take the blocks in another order
	"focus_conv":               "SpaceToDepth Conv Swish",
	"channel_shuffle":          "Reshape Transpose Reshape",
	"global_average_pool":      "GlobalAveragePool",
	"global_average_pool_flat": "GlobalAveragePool Reshape",
	"squeeze_excite":           "GlobalAveragePool Conv Relu Conv Sigmoid Mul",
	"squeeze_excite_mean":      "GlobalAveragePool Conv Relu Conv HardSigmoid Mul",
	"attention_div":            "… Attention …",
	"attention_q":              "… Attention …",
	"attention_mask":           "… Attention …",
	"attention_sdpa":           "… Attention …",
	"attention_sdpa_mask":      "… Attention …",
	"attention_mha":            "… Attention …",
}

// foundInKeras is what the blocks of Keras become, as tf2onnx and PyTorch's
// exporter write them: there is a layer before each, and pictures are
// channels-last.
var foundInKeras = map[string]string{
	"layer_norm":        "Reshape MatMul Reshape Add LayerNormalization",
	"layer_norm_2d":     "Transpose Conv Transpose LayerNormalization",
	"rms_norm":          "… Add RMSNormalization",
	"rms_norm_layer":    "… Add RMSNormalization",
	"group_norm":        "Transpose Conv GroupNormalization Transpose",
	"gelu":              "… MatMul … Add Gelu",
	"gelu_tanh":         "… MatMul … Add Gelu",
	"silu":              "… Swish …",
	"hard_swish":        "… HardSwish …",
	"mish":              "… Mish",
	"se":                "… GlobalAveragePool Conv Relu Conv …",
	"se_dense":          "… GlobalAveragePool … HardSigmoid …",
	"attention":         "… Transpose Transpose Transpose Attention Transpose …",
	"softmax_attention": "… Attention Reshape",
	"channel_shuffle":   "Transpose Conv Reshape Transpose Reshape Conv Transpose",
	"pixel_shuffle":     "Transpose Conv DepthToSpace Transpose",
	"depth_to_space":    "Transpose Conv DepthToSpace Transpose",
}

// like reports whether operators are as expected, where … are any.
func like(operators, expected string) bool {
	e := regexp.QuoteMeta(expected)
	e = strings.ReplaceAll(e, "… ", "(.* )?")
	e = strings.ReplaceAll(e, " …", "( .*)?")
	return regexp.MustCompile("^" + e + "$").MatchString(operators)
}

func open(t *testing.T, file string) *source.Model {
	t.Helper()
	m, err := onnx.Source{}.Open(context.Background(), file, source.Options{Registry: ops.Registry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func feeds(t *testing.T, g *ir.Graph) map[string]*tensor.Tensor {
	t.Helper()
	out := map[string]*tensor.Tensor{}
	for i, v := range g.Inputs {
		dims := make([]int, v.Rank())
		for a, d := range v.Shape {
			dims[a] = 2 // a size that the model leaves open
			if n, ok := d.Int(); ok {
				dims[a] = int(n)
			}
		}
		x, err := ir.Noise(v.DType, uint64(7+i), dims...)
		if err != nil {
			t.Fatal(err)
		}
		out[v.Name] = x
	}
	return out
}

func operators(g *ir.Graph) string {
	var out []string
	for _, n := range g.Nodes {
		out = append(out, n.Op)
	}
	return strings.Join(out, " ")
}

// TestExports takes what PyTorch's exporters write through all passes, and the
// recognised operators apart again: the numbers stay, and each spelling becomes
// the same operators.
func TestExports(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.onnx")
	seen := map[string]bool{}
	for _, f := range files {
		name := filepath.Base(f)
		pattern, _, _ := strings.Cut(name, ".")
		seen[pattern] = true
		t.Run(name, func(t *testing.T) {
			g := open(t, f).Graph
			in := feeds(t, g)
			want := testkit.Compute(t, g, ops.Registry(), in)
			source := map[string]bool{}
			for _, n := range g.Nodes {
				source[n.Op] = true
			}
			check := func(what string) {
				for i, got := range testkit.Compute(t, g, ops.Registry(), in) {
					if err := testkit.Compare(got, want[i], op.Tolerance{Abs: 5e-6, Rel: 1e-5}); err != nil {
						t.Errorf("%s: output %d: %v", what, i, err)
					}
				}
			}
			if _, err := passall.Simplify(context.Background(), g, ops.Registry(), nil, nil, nil, nil); err != nil {
				t.Fatal(err)
			}
			check("recognised")
			ops1 := operators(g)
			made := slices.ContainsFunc(g.Nodes, func(n *ir.Node) bool { return strings.HasPrefix(n.By, "recognise_") })
			table := found
			if strings.Contains(name, ".keras.") || strings.Contains(name, ".tf2onnx") {
				table = foundInKeras
			}
			switch expected, known := table[pattern]; {
			case strings.HasPrefix(pattern, "not_"):
				if made {
					t.Errorf("became %s", ops1)
				}
			case !known:
				t.Errorf("no expectation; became %s", ops1)
			case expected != "" && !like(ops1, expected):
				t.Errorf("became %s, want %s", ops1, expected)
			}
			if _, err := recognise.Restore(func(*ir.Node) bool { return false }).Run1(context.Background(), g, ops.Registry(), nil, nil); err != nil {
				t.Fatal(err)
			}
			check("restored")
			for _, n := range g.Nodes {
				if strings.HasPrefix(n.By, "recognise_") && ops.Registry().Get(n.Op).Decompose != nil {
					t.Errorf("%s stays", n.Op)
				}
				if len(n.Origin) == 0 {
					t.Errorf("%s %q comes from no layer", n.Op, n.Name)
				}
			}
		})
	}
	for p := range found {
		if !seen[p] {
			t.Errorf("no export of %s", p)
		}
	}
}

// TestOrigins: the operator found has the source layers of all its parts.
func TestOrigins(t *testing.T) {
	g := open(t, "testdata/layer_norm_hand.dynamo18.onnx").Graph
	layers := len(g.Nodes)
	if _, err := passall.Simplify(context.Background(), g, ops.Registry(), nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if len(g.Nodes) != 1 || len(g.Nodes[0].Origin) != layers {
		t.Errorf("%d nodes, origin %v, of %d layers", len(g.Nodes), g.Nodes[0].Origin, layers)
	}
}

// TestUnknownRank runs every pass over a graph whose ranks nobody knows.
func TestUnknownRank(t *testing.T) {
	g := ir.New("open")
	x, shape := g.AddInput("x", tensor.Float32, nil), g.AddInput("shape", tensor.Int64, nil)
	add := func(op string, attrs ir.Attrs, in ...*ir.Value) *ir.Value {
		return g.AddNode(op, "", attrs, in, "").Out(0)
	}
	a := add("Reshape", nil, x, shape)
	b := add("Transpose", ir.Attrs{"perm": []int64{1, 0, 2}}, a)
	c := add("Softmax", ir.Attrs{"axis": int64(-1)}, add("MatMul", nil, b, b))
	g.Outputs = append(g.Outputs, add("Reshape", nil, add("MatMul", nil, c, b), shape))
	reg := ops.Registry()
	if err := reg.InferGraph(g); err != nil {
		t.Fatal(err)
	}
	if _, err := passall.Simplify(context.Background(), g, reg, nil, nil, nil, nil); err != nil {
		t.Error(err)
	}
}
