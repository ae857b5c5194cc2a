"""Computes ML Programs with numpy, operation by operation, over the typed
program that coremltools rebuilds from a package: weights are read and unpacked by
Apple's code, arithmetic is numpy's, and nothing is shared with the writer.

Each line of standard input is {"path", "inputs": [{"name", "file", "dtype",
"shape"}], "dir"}; each line of output {"path", "outputs": [{"name", "file",
"dtype", "shape"}], "ops": N} or {"path", "error"}. Half precision is computed in
single precision and rounded after every operation."""
import json
import logging
import math
import os
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import numpy as np  # noqa: E402
from coremltools.converters.mil.frontend import milproto  # noqa: E402
from coremltools.models import MLModel  # noqa: E402

erf = np.vectorize(math.erf, otypes=[np.float64])


def wide(x):
    return x.astype(np.float32) if x.dtype == np.float16 else x


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def exact_erf(x):
    flat = x.astype(np.float64).ravel()
    if flat.size <= 1 << 16:
        return erf(flat).reshape(x.shape)
    # A table in even steps is as good: erf is smooth and bounded.
    if not hasattr(exact_erf, "table"):
        exact_erf.table = erf(np.linspace(-6, 6, 1200001))
    at = (np.clip(flat, -6, 6) + 6) * 1e5
    low = np.clip(at.astype(np.int32), 0, 1199999)  # of NaN too
    y = exact_erf.table[low]
    return (y + (exact_erf.table[low + 1] - y) * (at - low)).reshape(x.shape)


def padded(x, pad, value=0.0, mode="constant"):
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[2 * i], pad[2 * i + 1]) for i in range(len(pad) // 2)]
    if mode == "constant":
        return np.pad(x, pairs, constant_values=value)
    return np.pad(x, pairs, mode={"reflect": "reflect", "replicate": "edge"}[mode])


def pads(a, kernel, strides, dilations, size):
    kind, n = a.get("pad_type", "valid"), len(kernel)
    if kind == "custom":
        return [int(v) for v in a["pad"]]
    if kind == "valid":
        return [0] * (2 * n)
    out = []
    for i in range(n):
        need = max((math.ceil(size[i] / strides[i]) - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - size[i], 0)
        low = need // 2 if kind == "same" else need - need // 2
        out += [low, need - low]
    return out


def windows(x, kernel, strides, dilations):
    """[N, C, out..., kernel...] as a view of x."""
    n = len(kernel)
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilations)]
    v = np.lib.stride_tricks.sliding_window_view(x, reach, axis=tuple(range(2, 2 + n)))
    cut = (slice(None), slice(None)) + tuple(slice(None, None, s) for s in strides) + tuple(slice(None, None, d) for d in dilations)
    return v[cut]


def conv(a):
    x, w = a["x"], a["weight"]
    n = x.ndim - 2
    kernel = w.shape[2:]
    strides = [int(v) for v in a.get("strides", [1] * n)]
    dilations = [int(v) for v in a.get("dilations", [1] * n)]
    groups = int(a.get("groups", 1))
    x = padded(x, pads(a, kernel, strides, dilations, x.shape[2:]))
    per_in, per_out = w.shape[1], w.shape[0] // groups
    if per_in == 1 and per_out == 1:  # depthwise: a product for each place of the kernel
        out = 0
        size = [(x.shape[2 + i] - dilations[i] * (kernel[i] - 1) - 1) // strides[i] + 1 for i in range(n)]
        for at in np.ndindex(*kernel):
            cut = tuple(slice(p * d, p * d + (s - 1) * st + 1, st) for p, d, s, st in zip(at, dilations, size, strides))
            out = out + x[(slice(None), slice(None)) + cut] * w[(slice(None), 0) + at].reshape((1, -1) + (1,) * n)
    else:
        parts = []
        for g in range(groups):
            v = windows(x[:, g * per_in : (g + 1) * per_in], kernel, strides, dilations)
            k = w[g * per_out : (g + 1) * per_out]
            axes = [1] + list(range(2 + n, 2 + 2 * n))
            parts.append(np.moveaxis(np.tensordot(v, k, axes=(axes, list(range(1, 2 + n)))), -1, 1))
        out = np.concatenate(parts, axis=1)
    if a.get("bias") is not None:
        out = out + a["bias"].reshape((1, -1) + (1,) * n)
    return out


def conv_transpose(a):
    x, w = a["x"], a["weight"]  # w is [I, O/g, kernel...]
    n = x.ndim - 2
    kernel = w.shape[2:]
    strides = [int(v) for v in a.get("strides", [1] * n)]
    dilations = [int(v) for v in a.get("dilations", [1] * n)]
    groups = int(a.get("groups", 1))
    per_in, per_out = w.shape[0] // groups, w.shape[1]
    full = [(x.shape[2 + i] - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 for i in range(n)]
    out = np.zeros((x.shape[0], per_out * groups, *full), np.float64)
    for g in range(groups):
        v = x[:, g * per_in : (g + 1) * per_in]
        for at in np.ndindex(*kernel):
            y = np.moveaxis(np.tensordot(v, w[g * per_in : (g + 1) * per_in][(slice(None), slice(None)) + at], axes=(1, 0)), -1, 1)
            cut = tuple(slice(p * d, p * d + (s - 1) * st + 1, st) for p, d, s, st in zip(at, dilations, x.shape[2:], strides))
            out[(slice(None), slice(g * per_out, (g + 1) * per_out)) + cut] += y
    if a.get("pad_type", "valid") == "custom":
        p = [int(v) for v in a["pad"]]
        end = [p[2 * i + 1] for i in range(n)]
        if a.get("output_shape") is not None:
            end = [full[i] - p[2 * i] - int(a["output_shape"][2 + i]) for i in range(n)]
        out = out[(slice(None), slice(None)) + tuple(slice(p[2 * i], full[i] - end[i]) for i in range(n))]
    elif a.get("pad_type", "valid") != "valid":
        raise NotImplementedError("conv_transpose with pad_type " + a["pad_type"])
    if a.get("bias") is not None:
        out = out + a["bias"].reshape((1, -1) + (1,) * n)
    return out


def pool(a, average):
    x, kernel = a["x"], [int(v) for v in a["kernel_sizes"]]
    n = len(kernel)
    strides = [int(v) for v in a.get("strides", [1] * n)]
    p = pads(a, kernel, strides, [1] * n, x.shape[2:])
    if a.get("ceil_mode", False):
        for i in range(n):
            span = x.shape[2 + i] + p[2 * i] + p[2 * i + 1] - kernel[i]
            p[2 * i + 1] += -span % strides[i]
    v = windows(padded(x, p, 0.0 if average else -np.inf), kernel, strides, [1] * n)
    axes = tuple(range(2 + n, 2 + 2 * n))
    if not average:
        return v.max(axis=axes)
    total = v.sum(axis=axes, dtype=np.float64)
    if a.get("exclude_padding_from_average", False):
        count = windows(padded(np.ones_like(x), p), kernel, strides, [1] * n).sum(axis=axes)
        return total / count
    return total / np.prod(kernel)


def resize_bilinear(a):
    x, mode = a["x"].astype(np.float64), a.get("sampling_mode", "DEFAULT")
    for axis, size in ((2, int(a["target_size_height"])), (3, int(a["target_size_width"]))):
        have = x.shape[axis]
        i = np.arange(size)
        at = {
            "STRICT_ALIGN_CORNERS": lambda: i * (have - 1) / max(size - 1, 1),
            "DEFAULT": lambda: i * have / size,
            "UNALIGN_CORNERS": lambda: np.maximum((i + 0.5) * have / size - 0.5, 0),
        }[mode]()
        at = np.clip(at, 0, have - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, have - 1)
        shape = [1] * 4
        shape[axis] = size
        share = (at - low).reshape(shape)
        x = np.take(x, low, axis) * (1 - share) + np.take(x, high, axis) * share
    return x


def upsample_bilinear(a):
    align, size = bool(a.get("align_corners", True)), a["x"].shape
    return resize_bilinear({
        "x": a["x"], "sampling_mode": "STRICT_ALIGN_CORNERS" if align else "UNALIGN_CORNERS",
        "target_size_height": size[2] * int(a["scale_factor_height"]), "target_size_width": size[3] * int(a["scale_factor_width"]),
    })


def slice_by_index(a):
    x, n = a["x"], a["x"].ndim
    stride = a.get("stride") if a.get("stride") is not None else [1] * n
    masks = {k: a.get(k) if a.get(k) is not None else [False] * n for k in ("begin_mask", "end_mask", "squeeze_mask")}
    cut = []
    for i in range(n):
        if masks["squeeze_mask"][i]:
            cut.append(int(a["begin"][i]))
            continue
        begin = None if masks["begin_mask"][i] else int(a["begin"][i])
        end = None if masks["end_mask"][i] else int(a["end"][i])
        cut.append(slice(begin, end, int(stride[i])))
    return x[tuple(cut)]


def batch_norm(a):
    x = a["x"]
    shape = (1, -1) + (1,) * (x.ndim - 2)
    y = (x - a["mean"].reshape(shape)) / np.sqrt(a["variance"].reshape(shape) + a.get("epsilon", 1e-5))
    if a.get("gamma") is not None:
        y = y * a["gamma"].reshape(shape)
    return y + a["beta"].reshape(shape) if a.get("beta") is not None else y


def normal(x, axes, epsilon):
    x = x.astype(np.float64)
    return (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)


def instance_norm(a):
    x = a["x"]
    shape = (1, -1) + (1,) * (x.ndim - 2)
    y = normal(x, tuple(range(2, x.ndim)), a.get("epsilon", 1e-5))
    return y * a["gamma"].reshape(shape) + a["beta"].reshape(shape)


def layer_norm(a):
    y = normal(a["x"], tuple(int(v) for v in a["axes"]), a.get("epsilon", 1e-5))
    if a.get("gamma") is not None:
        y = y * a["gamma"]
    return y + a["beta"] if a.get("beta") is not None else y


def local_response_norm(a):
    x, size = a["x"].astype(np.float64), int(a["size"])
    half = size // 2
    q = padded(x * x, [half, size - 1 - half] + [0, 0] * (x.ndim - 2))
    total = sum(q[:, i : i + x.shape[1]] for i in range(size))
    return x / (a.get("k", 1.0) + a.get("alpha", 1e-4) * total / size) ** a.get("beta", 0.75)


def matmul(a):
    x, y = a["x"], a["y"]
    x = np.swapaxes(x, -1, -2) if a.get("transpose_x", False) else x
    y = np.swapaxes(y, -1, -2) if a.get("transpose_y", False) else y
    if y.ndim == 2 and x.ndim > 2:  # one product instead of one for each leading index
        return (x.reshape(-1, x.shape[-1]) @ y).reshape(*x.shape[:-1], y.shape[-1])
    return x @ y


def linear(a):
    y = matmul({"x": a["x"], "y": a["weight"], "transpose_y": True})
    return y + a["bias"] if a.get("bias") is not None else y


def gelu(a):
    x = a["x"].astype(np.float64)
    if a.get("mode", "EXACT") == "TANH_APPROXIMATION":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    if a.get("mode", "EXACT") == "SIGMOID_APPROXIMATION":
        return x * sigmoid(1.702 * x)
    return 0.5 * x * (1 + exact_erf(x / math.sqrt(2)))


def attention(a):
    q, k, v = (a[n].astype(np.float64) for n in ("query", "key", "value"))
    s = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    m = a.get("attn_mask")
    if m is not None:
        s = np.where(m, s, -np.inf) if m.dtype == bool else s + m
    return softmax(s, -1) @ v


def blocks(x, b, order):
    n, c, h, w = x.shape
    if order == "DCR":
        return x.reshape(n, b, b, c // b**2, h, w).transpose(0, 3, 4, 1, 5, 2).reshape(n, c // b**2, h * b, w * b)
    return x.reshape(n, c // b**2, b, b, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, c // b**2, h * b, w * b)


def apart(x, b, order):
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // b, b, w // b, b)
    return x.transpose(0, 3, 5, 1, 2, 4).reshape(n, -1, h // b, w // b) if order == "DCR" else x.transpose(0, 1, 3, 5, 2, 4).reshape(n, -1, h // b, w // b)


def pick(x, at, axis):
    return np.take(x, np.where(at < 0, at + x.shape[axis], at), axis)


def reshape(a):
    shape = [int(v) for v in a["shape"]]
    return a["x"].reshape([a["x"].shape[i] if v == 0 else v for i, v in enumerate(shape)])


def classify(a):
    p = a["probabilities"].ravel()
    return str(list(a["classes"])[int(p.argmax())]), p


def reduce(f):
    def run(a):
        axes = tuple(int(v) for v in a["axes"]) if a.get("axes") is not None else None
        return f(wide(a["x"]), axes, bool(a.get("keep_dims", False)))

    return run


def one(f):
    return lambda a: f(a["x"])


def two(f):
    return lambda a: f(a["x"], a["y"])


CASTS = {"fp16": np.float16, "fp32": np.float32, "int32": np.int32, "bool": np.bool_}

OPS = {
    "abs": one(np.abs), "exp": one(np.exp), "sqrt": one(np.sqrt), "sign": one(np.sign), "floor": one(np.floor), "ceil": one(np.ceil),
    "round": one(np.rint), "sin": one(np.sin), "cos": one(np.cos), "tan": one(np.tan), "asin": one(np.arcsin), "acos": one(np.arccos),
    "atan": one(np.arctan), "sinh": one(np.sinh), "cosh": one(np.cosh), "tanh": one(np.tanh), "atanh": one(np.arctanh),
    "erf": one(exact_erf), "identity": one(lambda x: x), "relu": one(lambda x: np.maximum(x, 0)), "relu6": one(lambda x: np.clip(x, 0, 6)),
    "sigmoid": one(sigmoid), "softplus": one(lambda x: np.logaddexp(0, x)), "softsign": one(lambda x: x / (1 + np.abs(x))),
    "silu": one(lambda x: x * sigmoid(x)), "logical_not": one(np.logical_not),
    "log": lambda a: np.log(a["x"] + a.get("epsilon", 1e-45)),
    "add": two(np.add), "sub": two(np.subtract), "mul": two(np.multiply), "real_div": two(np.divide), "floor_div": two(np.floor_divide),
    "mod": two(np.mod), "pow": two(np.power), "maximum": two(np.maximum), "minimum": two(np.minimum), "equal": two(np.equal),
    "not_equal": two(np.not_equal), "less": two(np.less), "greater": two(np.greater), "less_equal": two(np.less_equal),
    "greater_equal": two(np.greater_equal), "logical_and": two(np.logical_and), "logical_or": two(np.logical_or), "logical_xor": two(np.logical_xor),
    "cast": lambda a: a["x"].astype(CASTS[str(a["dtype"])]),
    "select": lambda a: np.where(a["cond"], a["a"], a["b"]),
    "clip": lambda a: np.clip(a["x"], a["alpha"], a["beta"]),
    "leaky_relu": lambda a: np.where(a["x"] < 0, a["x"] * a["alpha"], a["x"]),
    "elu": lambda a: np.where(a["x"] < 0, a["alpha"] * np.expm1(np.minimum(a["x"], 0)), a["x"]),
    "prelu": lambda a: np.where(a["x"] < 0, a["x"] * a["alpha"].reshape((1, -1) + (1,) * (a["x"].ndim - 2)), a["x"]),
    "sigmoid_hard": lambda a: np.clip(a["x"] * a["alpha"] + a["beta"], 0, 1),
    "gelu": gelu, "softmax": lambda a: softmax(a["x"], int(a.get("axis", -1))),
    "conv": conv, "conv_transpose": conv_transpose, "linear": linear, "matmul": matmul, "scaled_dot_product_attention": attention,
    "max_pool": lambda a: pool(a, False), "avg_pool": lambda a: pool(a, True),
    "batch_norm": batch_norm, "instance_norm": instance_norm, "layer_norm": layer_norm, "local_response_norm": local_response_norm,
    "reduce_mean": reduce(lambda x, ax, k: x.mean(axis=ax, keepdims=k, dtype=np.float64)),
    "reduce_sum": reduce(lambda x, ax, k: x.sum(axis=ax, keepdims=k)), "reduce_max": reduce(lambda x, ax, k: x.max(axis=ax, keepdims=k)),
    "reduce_min": reduce(lambda x, ax, k: x.min(axis=ax, keepdims=k)), "reduce_prod": reduce(lambda x, ax, k: x.prod(axis=ax, keepdims=k)),
    "reduce_l1_norm": reduce(lambda x, ax, k: np.abs(x).sum(axis=ax, keepdims=k)),
    "reduce_l2_norm": reduce(lambda x, ax, k: np.sqrt((x * x).sum(axis=ax, keepdims=k))),
    "reduce_sum_square": reduce(lambda x, ax, k: (x * x).sum(axis=ax, keepdims=k)),
    "reduce_argmax": lambda a: np.expand_dims(a["x"].argmax(int(a["axis"])), int(a["axis"])) if a.get("keep_dims", True) else a["x"].argmax(int(a["axis"])),
    "reduce_argmin": lambda a: np.expand_dims(a["x"].argmin(int(a["axis"])), int(a["axis"])) if a.get("keep_dims", True) else a["x"].argmin(int(a["axis"])),
    "reshape": reshape, "transpose": lambda a: a["x"].transpose([int(v) for v in a["perm"]]),
    "expand_dims": lambda a: np.expand_dims(a["x"], tuple(int(v) for v in a["axes"])),
    "squeeze": lambda a: np.squeeze(a["x"], tuple(int(v) for v in a["axes"]) if a.get("axes") is not None else None),
    "concat": lambda a: np.concatenate(a["values"], int(a["axis"])), "stack": lambda a: np.stack(a["values"], int(a["axis"])),
    "split": lambda a: np.split(a["x"], np.cumsum([int(v) for v in a["split_sizes"]])[:-1], int(a["axis"])),
    "slice_by_index": slice_by_index, "reverse": lambda a: np.flip(a["x"], tuple(int(v) for v in a["axes"])),
    "tile": lambda a: np.tile(a["x"], [int(v) for v in a["reps"]]), "shape": one(lambda x: np.array(x.shape, np.int32)),
    "pad": lambda a: padded(a["x"], [int(v) for v in a["pad"]], a.get("constant_val", 0.0), str(a.get("mode", "constant"))),
    "gather": lambda a: pick(a["x"], np.asarray(a["indices"]), int(a.get("axis", 0))),
    "gather_along_axis": lambda a: np.take_along_axis(a["x"], np.where(a["indices"] < 0, a["indices"] + a["x"].shape[int(a["axis"])], a["indices"]), int(a["axis"])),
    "cumsum": lambda a: np.cumsum(a["x"], int(a["axis"])),
    "pixel_shuffle": lambda a: blocks(a["x"], int(a["upscale_factor"]), "CRD"), "depth_to_space": lambda a: blocks(a["x"], int(a["block_size"]), "DCR"),
    "pixel_unshuffle": lambda a: apart(a["x"], int(a["downscale_factor"]), "CRD"), "space_to_depth": lambda a: apart(a["x"], int(a["block_size"]), "DCR"),
    "upsample_nearest_neighbor": lambda a: a["x"].repeat(int(a["scale_factor_height"]), 2).repeat(int(a["scale_factor_width"]), 3),
    "resize_bilinear": resize_bilinear, "upsample_bilinear": upsample_bilinear, "classify": classify,
}


def value(v):
    """What an argument holds where it is constant."""
    if isinstance(v, (list, tuple)):
        return [value(x) for x in v]
    return v.val


def compute(program, inputs):
    function = program.functions["main"]
    vals, n = dict(inputs), 0
    for o in function.operations:
        if o.op_type == "const":
            vals[o.outputs[0].name] = o.outputs[0].val
            continue
        if o.op_type.startswith("constexpr_"):
            vals[o.outputs[0].name] = np.asarray(o.materialized_val_inference())
            continue

        def get(v):
            if isinstance(v, (list, tuple)):
                return [get(x) for x in v]
            if v.name in vals:
                x = vals[v.name]
                return wide(x) if isinstance(x, np.ndarray) else x
            return v.val

        a = {k: get(v) for k, v in o.inputs.items() if v is not None}
        with np.errstate(all="ignore"):
            out = OPS[o.op_type](a)
        n += 1
        for var, y in zip(o.outputs, out if len(o.outputs) > 1 else [out]):
            if not isinstance(y, str):
                y = np.asarray(y)
                if var.shape is not None and hasattr(var.dtype, "__name__") and o.op_type != "classify":
                    kind = CASTS.get({"fp16": "fp16", "fp32": "fp32", "int32": "int32", "bool": "bool"}.get(var.dtype.__name__, ""))
                    if kind is not None:
                        with np.errstate(all="ignore"):
                            y = y.astype(kind)
                    declared = tuple(var.shape)
                    if all(isinstance(d, (int, np.integer)) for d in declared) and tuple(y.shape) != tuple(int(d) for d in declared):
                        raise ValueError(f"{o.op_type} {var.name} is {y.shape}, declared {declared}")
            vals[var.name] = y
    return [(v.name, vals[v.name]) for v in function.outputs], n


for line in sys.stdin:
    job = json.loads(line)
    try:
        path = job["path"]
        spec = MLModel(path, skip_model_load=True).get_spec()
        program = milproto.load.load(
            spec, specification_version=spec.specificationVersion, file_weights_dir=os.path.join(path, "Data", "com.apple.CoreML", "weights")
        )
        inputs = {i["name"]: np.fromfile(i["file"], i["dtype"]).reshape(i["shape"]) for i in job["inputs"]}
        outputs, n = compute(program, inputs)
        answer = []
        for k, (name, y) in enumerate(outputs):
            if isinstance(y, str):
                answer.append({"name": name, "text": y})
                continue
            y = y.astype(np.float32)
            file = os.path.join(job["dir"], f"out{k}.bin")
            np.ascontiguousarray(y).tofile(file)
            answer.append({"name": name, "file": file, "shape": list(y.shape)})
        print(json.dumps({"path": path, "outputs": answer, "ops": n}), flush=True)
    except Exception as e:  # every failure is a result
        print(json.dumps({"path": job["path"], "error": f"{type(e).__name__}: {e}"[:600]}), flush=True)
