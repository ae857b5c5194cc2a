"""Writes models of one operator with random inputs and ONNX Runtime's outputs.

One folder a case, as the conformance cases of ONNX are laid out. The argument is
the folder to write to.
"""
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

RNG = np.random.default_rng(5)
MS = "com.microsoft"
ROOT = sys.argv[1]


def f32(*shape, scale=1.0):
    return (RNG.standard_normal(shape) * scale).astype(np.float32)


def u8(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def i8(*shape):
    return RNG.integers(-128, 128, shape).astype(np.int8)


def i32(lo, hi, *shape):
    return RNG.integers(lo, hi, shape).astype(np.int32)


def s(v):
    return np.array(v, np.float32)


def z8(v):
    return np.array(v, np.uint8)


def c8(v):
    return np.array(v, np.int8)


def case(name, op, inputs, outs=1, domain=MS, opset=17, const=(), **attrs):
    """inputs: arrays, or None for an omitted one; const: indices of initializers."""
    names = [f"in{i}" if x is not None else "" for i, x in enumerate(inputs)]
    out_names = [f"out{i}" if keep else "" for i, keep in enumerate(outs if isinstance(outs, list) else [True] * outs)]
    if "opset_" in attrs:  # an attribute of that name
        attrs["opset"] = attrs.pop("opset_")
    node = helper.make_node(op, names, out_names, name="node", domain=domain, **attrs)
    graph_in, inits = [], []
    for i, x in enumerate(inputs):
        if x is None:
            continue
        if i in const:
            inits.append(numpy_helper.from_array(x, names[i]))
        else:
            graph_in.append(helper.make_tensor_value_info(names[i], helper.np_dtype_to_tensor_dtype(x.dtype), x.shape))
    kept = [n for n in out_names if n]
    graph_out = [onnx.ValueInfoProto(name=n) for n in kept]  # ONNX Runtime finds the types
    graph = helper.make_graph([node], name, graph_in, graph_out, inits)
    opsets = [helper.make_opsetid("", opset)]
    if domain:
        opsets.append(helper.make_opsetid(domain, 1))
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        feeds = {n: x for i, (n, x) in enumerate(zip(names, inputs)) if x is not None and i not in const}
        values = session.run(kept, feeds)
    except Exception as e:  # said, and counted by the test
        print(f"{name}: {str(e)[:300]}".replace("\n", " "))
        return
    for v, x in zip(graph_out, values):
        v.CopyFrom(helper.make_tensor_value_info(v.name, helper.np_dtype_to_tensor_dtype(np.asarray(x).dtype), np.shape(x)))
    del graph.output[:]
    graph.output.extend(graph_out)
    model.graph.CopyFrom(graph)
    data = os.path.join(ROOT, name, "test_data_set_0")
    os.makedirs(data)
    onnx.save(model, os.path.join(ROOT, name, "model.onnx"))
    for kind, arrays in (("input", [x for i, x in enumerate(inputs) if x is not None and i not in const]), ("output", values)):
        for i, x in enumerate(arrays):
            with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as f:
                f.write(numpy_helper.from_array(np.asarray(x), f"{kind}{i}").SerializeToString())


# Activations and fused layers.
X = f32(2, 5, 8, scale=2)
case("gelu", "Gelu", [X])
case("bias_gelu", "BiasGelu", [X, f32(8)])
case("fast_gelu", "FastGelu", [X])
case("fast_gelu_bias", "FastGelu", [X, f32(8)])
case("quick_gelu", "QuickGelu", [X])
case("quick_gelu_alpha", "QuickGelu", [X], alpha=0.7)
IMG, W, B = f32(2, 4, 9, 7), f32(6, 4, 3, 3), f32(6)
for act, params in [("Relu", []), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 1.5]), ("Tanh", []), ("Sigmoid", []), ("HardSigmoid", [0.3, 0.4])]:
    kw = {"activation_params": params} if params else {}
    case("fused_conv_" + act.lower(), "FusedConv", [IMG, W, B], activation=act, pads=[1, 1, 1, 1], strides=[2, 2], **kw)
case("fused_conv_sum", "FusedConv", [IMG, W, B, f32(2, 6, 9, 7)], activation="Relu", auto_pad="SAME_UPPER")
for act, kw in [("Relu", {}), ("LeakyRelu", {"activation_alpha": 0.2}), ("HardSigmoid", {"activation_alpha": 0.3, "activation_beta": 0.4})]:
    case("fused_gemm_" + act.lower(), "FusedGemm", [f32(3, 4), f32(5, 4), f32(5)], activation=act, transB=1, alpha=0.5, beta=2.0, **kw)
case("fused_matmul", "FusedMatMul", [f32(2, 3, 4), f32(2, 4, 5)], alpha=0.25)
case("fused_matmul_trans_a", "FusedMatMul", [f32(2, 4, 3), f32(2, 4, 5)], transA=1)
case("fused_matmul_trans_b", "FusedMatMul", [f32(2, 3, 4), f32(5, 4)], transB=1)
case("fused_matmul_trans_both", "FusedMatMul", [f32(4, 3), f32(5, 4)], transA=1, transB=1)
case("fused_matmul_batch_a", "FusedMatMul", [f32(3, 2, 6, 4), f32(2, 6, 4, 5)], transBatchA=1)
case("fused_matmul_batch_b", "FusedMatMul", [f32(2, 6, 3, 4), f32(4, 2, 6, 5)], transBatchB=1)
case("fused_matmul_batch_both", "FusedMatMul", [f32(4, 2, 6, 3), f32(5, 2, 6, 4)], transA=1, transB=1, transBatchA=1, transBatchB=1)

# Normalisations.
case("skip_norm", "SkipLayerNormalization", [X, f32(2, 5, 8), f32(8), f32(8)], epsilon=1e-5)
case("skip_norm_bias_sum", "SkipLayerNormalization", [X, f32(2, 5, 8), f32(8), f32(8), f32(8)], outs=[True, False, False, True], epsilon=1e-5)
case("skip_norm_broadcast", "SkipLayerNormalization", [X, f32(1, 5, 8), f32(8)])
case("skip_simplified_norm", "SkipSimplifiedLayerNormalization", [X, f32(2, 5, 8), f32(8), f32(8)], outs=[True, False, False, True], epsilon=1e-5)
case("simplified_norm", "SimplifiedLayerNormalization", [X, f32(8)], domain="", axis=-1, epsilon=1e-5)
IDS, SEG = i32(0, 11, 2, 5), i32(0, 2, 2, 5)
EMB = [f32(11, 8), f32(7, 8), f32(2, 8), f32(8), f32(8)]
case("embed_norm", "EmbedLayerNormalization", [IDS, SEG] + EMB, outs=[True, True], epsilon=1e-5)
case("embed_norm_mask", "EmbedLayerNormalization", [IDS, SEG] + EMB + [np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)], outs=3, epsilon=1e-5)
case("embed_norm_no_segment", "EmbedLayerNormalization", [IDS, None, EMB[0], EMB[1], None, EMB[3], EMB[4]], outs=[True, True])
case("embed_norm_positions", "EmbedLayerNormalization", [IDS, SEG] + EMB + [None, i32(0, 7, 2, 5)], outs=[True, True])

# Quantized elementwise operators and pools.
A8, B8 = u8(2, 3, 6, 5), u8(2, 3, 6, 5)
for op in ("QLinearAdd", "QLinearMul"):
    out = s(0.05) if op == "QLinearAdd" else s(0.03)
    low = op[7:].lower()
    case(f"qlinear_{low}", op, [A8, s(0.02), z8(120), B8, s(0.03), z8(130), out, z8(100)])
    case(f"qlinear_{low}_broadcast", op, [A8, s(0.02), z8(120), u8(3, 1, 1), s(0.03), z8(130), out, z8(100)])
    case(f"qlinear_{low}_i8", op, [i8(4, 5), s(0.02), c8(3), i8(4, 5), s(0.03), c8(-7), out, c8(9)])
case("qlinear_sigmoid", "QLinearSigmoid", [A8, s(0.03), z8(128), s(1 / 256), z8(0)])
case("qlinear_sigmoid_i8", "QLinearSigmoid", [i8(3, 7), s(0.03), c8(5), s(1 / 256), c8(-128)])
case("qlinear_leaky_relu", "QLinearLeakyRelu", [A8, s(0.03), z8(128), s(0.02), z8(20)], alpha=0.1)
case("qlinear_global_average_pool", "QLinearGlobalAveragePool", [A8, s(0.03), z8(128), s(0.01), z8(120)])
case("qlinear_global_average_pool_last", "QLinearGlobalAveragePool", [A8, s(0.03), z8(128), s(0.01), z8(120)], channels_last=1)
case("qlinear_average_pool", "QLinearAveragePool", [A8, s(0.03), z8(128), s(0.02), z8(120)], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2])
case("qlinear_average_pool_include", "QLinearAveragePool", [A8, s(0.03), z8(128), s(0.02), z8(120)], kernel_shape=[3, 2], pads=[1, 0, 1, 1], count_include_pad=1)
case("qlinear_average_pool_last", "QLinearAveragePool", [A8, s(0.03), z8(128), s(0.02), z8(120)], kernel_shape=[2, 2], channels_last=1)
case("qlinear_softmax", "QLinearSoftmax", [u8(2, 3, 9), s(0.03), z8(128), s(1 / 256), z8(0)], axis=-1, opset_=13)
case("qlinear_softmax_old", "QLinearSoftmax", [u8(2, 3, 9), s(0.03), z8(128), s(1 / 256), z8(0)], axis=1, opset_=12)
case("qlinear_softmax_axis", "QLinearSoftmax", [u8(2, 3, 9), s(0.03), z8(128), s(1 / 256), z8(0)], axis=1, opset_=13)
case("qlinear_concat", "QLinearConcat", [s(0.03), z8(100), A8, s(0.02), z8(110), u8(2, 4, 6, 5), s(0.05), z8(120)], axis=1)

# Quantized products.
for name, kw, a, b in [("", {}, (3, 6), (6, 4)), ("_trans", {"transA": 1, "transB": 1, "alpha": 0.5}, (6, 3), (4, 6))]:
    args = [u8(*a), s(0.02), z8(120), i8(*b), s(0.03), c8(4)]
    case("qgemm" + name, "QGemm", args + [i32(-500, 500, 4), s(0.1), z8(128)], **kw)
    case("qgemm_float" + name, "QGemm", args + [i32(-500, 500, 4)], **kw)
    scales, zeros = np.abs(f32(4)) * 0.02 + 0.01, i8(4)
    case("qgemm_columns" + name, "QGemm", args[:4] + [scales, zeros, None, s(0.1), z8(128)], const=(3, 4, 5), **kw)
case("matmul_integer_to_float", "MatMulIntegerToFloat", [u8(2, 3, 6), i8(6, 4), s(0.02), s(0.03), z8(120), c8(5), f32(4)])
case("matmul_integer_to_float_columns", "MatMulIntegerToFloat", [u8(3, 6), u8(6, 4), s(0.02), np.abs(f32(4)), z8(120), u8(4)])
case("dynamic_quantize_matmul", "DynamicQuantizeMatMul", [f32(2, 3, 6), i8(6, 4), s(0.03), c8(5)])
case("dynamic_quantize_matmul_columns", "DynamicQuantizeMatMul", [f32(3, 6), u8(6, 4), np.abs(f32(4)), u8(4), f32(4)])
for bits in (4, 8):
    for k in (64, 80):
        n, block = 5, 32
        blocks = (k + block - 1) // block
        packed, scales = u8(n, blocks, block * bits // 8), np.abs(f32(n, blocks)) * 0.1
        name = f"matmul_nbits_{bits}_{k}"
        case(name, "MatMulNBits", [f32(2, 3, k), packed, scales], const=(1, 2), K=k, N=n, bits=bits, block_size=block)
        zeros = u8(n, (blocks * bits + 7) // 8)
        case(name + "_zeros", "MatMulNBits", [f32(3, k), packed, scales, zeros], const=(1, 2, 3), K=k, N=n, bits=bits, block_size=block)
case("matmul_nbits_float_zeros", "MatMulNBits", [f32(3, 64), u8(5, 2, 16), np.abs(f32(5, 2)), f32(5, 2, scale=4), None, f32(5)], const=(1, 2, 3, 5), K=64, N=5, bits=4, block_size=32)

# Attention.
Q, K, V = f32(2, 3, 16), f32(2, 6, 16), f32(2, 6, 24)
case("mha", "MultiHeadAttention", [Q, K, V], num_heads=4)
case("mha_bias", "MultiHeadAttention", [Q, K, V, f32(56)], num_heads=4, scale=0.3)
case("mha_lengths", "MultiHeadAttention", [Q, K, V, None, np.array([4, 6], np.int32)], num_heads=4)
case("mha_mask", "MultiHeadAttention", [Q, K, V, None, np.array([[1, 1, 0, 1, 0, 1], [0, 1, 1, 1, 1, 1]], np.int32)], num_heads=4)
case("mha_mask_all", "MultiHeadAttention", [Q, K, V, None, np.array([[0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 1, 1]], np.int32)], num_heads=4)
case("mha_mask_3d", "MultiHeadAttention", [Q, K, V, None, i32(0, 2, 2, 3, 6)], num_heads=4, mask_filter_value=-100.0)
case("mha_attention_bias", "MultiHeadAttention", [Q, K, V, None, np.array([4, 6], np.int32), f32(1, 4, 3, 6)], num_heads=4)
case("mha_causal", "MultiHeadAttention", [f32(2, 6, 16), K, V], num_heads=4, unidirectional=1)
case("mha_split_keys", "MultiHeadAttention", [Q, f32(2, 4, 6, 4), f32(2, 4, 6, 4)], num_heads=4)
case("mha_past", "MultiHeadAttention", [f32(2, 1, 16), f32(2, 1, 16), f32(2, 1, 16), None, None, None, f32(2, 4, 5, 4), f32(2, 4, 5, 4)], outs=3, num_heads=4)
case("mha_past_causal", "MultiHeadAttention", [f32(2, 3, 16), f32(2, 3, 16), f32(2, 3, 16), None, None, None, f32(2, 4, 5, 4), f32(2, 4, 5, 4)], outs=3, num_heads=4, unidirectional=1)
HID, WQKV, BQKV = f32(2, 5, 8), f32(8, 48, scale=0.5), f32(48)
case("attention", "Attention", [HID, WQKV, BQKV], num_heads=4)
case("attention_lengths", "Attention", [HID, WQKV, BQKV, np.array([3, 5], np.int32)], num_heads=4)
case("attention_mask", "Attention", [HID, WQKV, BQKV, np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)], num_heads=4)
case("attention_mask_3d", "Attention", [HID, WQKV, BQKV, np.tril(np.ones((2, 5, 5), np.int32))], num_heads=4)
case("attention_causal", "Attention", [HID, WQKV, BQKV], num_heads=4, unidirectional=1)
case("attention_bias", "Attention", [HID, WQKV, BQKV, None, None, f32(2, 4, 5, 5)], num_heads=4)
case("attention_sizes", "Attention", [HID, f32(8, 56, scale=0.5), f32(56)], num_heads=4, qkv_hidden_sizes=[16, 16, 24])
case("attention_past", "Attention", [f32(2, 1, 8), WQKV, BQKV, None, f32(2, 2, 4, 3, 4)], outs=2, num_heads=4, unidirectional=1)
COS, SIN = np.cos(f32(20, 4)).astype(np.float32), np.sin(f32(20, 4)).astype(np.float32)
case("rotary", "RotaryEmbedding", [f32(2, 5, 24), np.tile(np.arange(3, 8, dtype=np.int64), (2, 1)), COS, SIN])
case("rotary_offset", "RotaryEmbedding", [f32(2, 5, 24), np.array([3], np.int64), COS, SIN], interleaved=1)
case("rotary_split", "RotaryEmbedding", [f32(2, 3, 5, 8), np.tile(np.arange(5, dtype=np.int64), (2, 1)), COS, SIN])
case("rotary_partial", "RotaryEmbedding", [f32(2, 5, 36), np.tile(np.arange(5, dtype=np.int64), (2, 1)), COS, SIN], num_heads=3, rotary_embedding_dim=8)


def gqa(name, batch, new, past, ends, heads=4, shared=2, size=8, outs=3, cos=None, sin=None, bias=None, packed=False, total=None, **kw):
    total = max(e + 1 for e in ends) if total is None else total
    q, k, v = f32(batch, new, heads * size), f32(batch, new, shared * size), f32(batch, new, shared * size)
    cache = [f32(batch, shared, past, size), f32(batch, shared, past, size)] if past is not None else [None, None]
    first = [np.concatenate([q, k, v], 2), None, None] if packed else [q, k, v]
    args = first + cache + [np.array(ends, np.int32), np.array(total, np.int32), cos, sin]
    if bias is not None:
        args += [None, bias]
    while args[-1] is None:
        args.pop()
    case("gqa_" + name, "GroupQueryAttention", args, outs=outs, num_heads=heads, kv_num_heads=shared, **kw)


gqa("prompt", 2, 5, 0, [4, 4])
gqa("prompt_no_past", 2, 5, None, [4, 4])
gqa("prompt_ragged", 2, 5, 0, [4, 2])
gqa("decode", 2, 1, 5, [5, 5])
gqa("decode_several", 1, 3, 5, [7])
gqa("decode_packed", 2, 1, 5, [5, 5], packed=True)
gqa("decode_ragged", 2, 1, 5, [5, 3])
gqa("window", 2, 1, 9, [9, 9], local_window_size=4)
gqa("window_prompt", 1, 7, 0, [6], local_window_size=3)
gqa("softcap", 1, 3, 5, [7], softcap=2.0, scale=0.2)
C16, S16 = np.cos(f32(20, 8)).astype(np.float32), np.sin(f32(20, 8)).astype(np.float32)
gqa("rotary", 2, 1, 5, [5, 4], size=16, do_rotary=1, cos=C16, sin=S16)
gqa("rotary_prompt", 2, 5, 0, [4, 4], size=16, do_rotary=1, cos=C16, sin=S16, rotary_interleaved=1)
gqa("shared_cache", 2, 1, 9, [5, 5], total=6)
gqa("bias", 1, 2, 5, [6], bias=f32(1, 4, 2, 7))

# Standard operators that ONNX's own cases do not hold, and older versions.
case("max_roi_pool", "MaxRoiPool", [f32(2, 3, 10, 12), np.array([[0, 1, 1, 7, 8], [1, 0, 2, 11, 9], [1, 5, 5, 5, 5]], np.float32)], domain="", pooled_shape=[3, 2])
case("max_roi_pool_scale", "MaxRoiPool", [f32(2, 3, 10, 12), np.array([[0, 3, 2, 15, 18], [1, 0, 4, 30, 25]], np.float32)], domain="", pooled_shape=[2, 2], spatial_scale=0.5)
ROIS = np.array([[1, 1, 7, 8], [0, 2, 11, 9], [3.3, 2.7, 9.1, 5.5]], np.float32)
for opset in (10, 16):
    for mode in ("avg", "max"):
        case(f"roi_align_{opset}_{mode}", "RoiAlign", [f32(2, 3, 10, 12), ROIS, np.array([0, 1, 0], np.int64)], domain="", opset=opset, mode=mode, output_height=3, output_width=2, sampling_ratio=2, spatial_scale=0.7)
case("roi_align_adaptive", "RoiAlign", [f32(2, 3, 10, 12), ROIS, np.array([0, 1, 0], np.int64)], domain="", output_height=2, output_width=3)
OFF = f32(2, 2 * 2 * 9, 4, 3, scale=1.5)
case("deform_conv", "DeformConv", [f32(2, 4, 8, 7), f32(6, 2, 3, 3), OFF, f32(6), f32(2, 2 * 9, 4, 3)], domain="", opset=19, group=2, offset_group=2, strides=[2, 2], pads=[1, 1, 1, 0])
case("deform_conv_dilated", "DeformConv", [f32(1, 2, 8, 8), f32(3, 2, 2, 2), f32(1, 8, 6, 6)], domain="", opset=19, dilations=[2, 2])
DATA = f32(4, 5)
IDX = np.array([[0, 3, -1, 2, 1], [2, -4, 2, 0, 3]], np.int64)
for red in ("none", "add", "mul", "max", "min"):
    case("scatter_elements_" + red, "ScatterElements", [DATA, IDX, f32(2, 5)], domain="", opset=18, reduction=red)
    case("scatter_nd_" + red, "ScatterND", [DATA, np.array([[1], [-1]], np.int64), f32(2, 5)], domain="", opset=18, reduction=red)
case("scatter_9", "Scatter", [DATA, IDX, f32(2, 5)], domain="", opset=9)
case("max_unpool", "MaxUnpool", [f32(1, 2, 3, 3), np.arange(18, dtype=np.int64).reshape(1, 2, 3, 3) * 4 + 1], domain="", kernel_shape=[2, 2], strides=[2, 2])
BOXES, SCORES = np.sort(RNG.random((2, 30, 4)).astype(np.float32), 2)[:, :, [0, 1, 2, 3]], RNG.random((2, 3, 30)).astype(np.float32)
case("nms", "NonMaxSuppression", [BOXES, SCORES, np.array([7], np.int64), s([0.4]), s([0.3])], domain="")
case("nms_center", "NonMaxSuppression", [np.abs(f32(2, 30, 4)), SCORES, np.array([9], np.int64), s([0.2])], domain="", center_point_box=1)
case("affine_grid", "AffineGrid", [f32(2, 2, 3), np.array([2, 3, 5, 4], np.int64)], domain="", opset=20)
case("reverse_sequence_batch", "ReverseSequence", [f32(4, 3, 2), np.array([3, 1, 0, 2], np.int64)], domain="", batch_axis=0, time_axis=1)
case("center_crop_pad", "CenterCropPad", [f32(5, 8, 3), np.array([7, 5], np.int64)], domain="", opset=18, axes=[0, -2])
case("col2im", "Col2Im", [f32(2, 12, 12), np.array([6, 8], np.int64), np.array([2, 3], np.int64)], domain="", opset=18, strides=[2, 2], pads=[0, 1, 0, 0])
case("eye_like", "EyeLike", [f32(3, 5)], domain="", k=-1)
