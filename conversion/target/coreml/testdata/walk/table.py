"""The table of operations: by the name in a program, a function of a dictionary of arguments."""
import numpy as np

from layers import attention, batch_norm, conv, conv_transpose, instance_norm, layer_norm, linear, local_response_norm, matmul, padded, pool
from maths import exact_erf, gelu, sigmoid, softmax, wide
from places import apart, blocks, pick, reshape, resize_bilinear, slice_by_index, topk, upsample_bilinear


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
    "range_1d": lambda a: np.arange(a["start"], a["end"], a["step"]),
    "tile": lambda a: np.tile(a["x"], [int(v) for v in a["reps"]]), "shape": one(lambda x: np.array(x.shape, np.int32)),
    "pad": lambda a: padded(a["x"], [int(v) for v in a["pad"]], a.get("constant_val", 0.0), str(a.get("mode", "constant"))),
    "gather": lambda a: pick(a["x"], np.asarray(a["indices"]), int(a.get("axis", 0))),
    "gather_along_axis": lambda a: np.take_along_axis(a["x"], np.where(a["indices"] < 0, a["indices"] + a["x"].shape[int(a["axis"])], a["indices"]), int(a["axis"])),
    "cumsum": lambda a: np.cumsum(a["x"], int(a["axis"])),
    "pixel_shuffle": lambda a: blocks(a["x"], int(a["upscale_factor"]), "CRD"), "depth_to_space": lambda a: blocks(a["x"], int(a["block_size"]), "DCR"),
    "pixel_unshuffle": lambda a: apart(a["x"], int(a["downscale_factor"]), "CRD"), "space_to_depth": lambda a: apart(a["x"], int(a["block_size"]), "DCR"),
    "upsample_nearest_neighbor": lambda a: a["x"].repeat(int(a["scale_factor_height"]), 2).repeat(int(a["scale_factor_width"]), 3),
    "resize_bilinear": resize_bilinear, "upsample_bilinear": upsample_bilinear, "classify": classify, "topk": topk,
}
