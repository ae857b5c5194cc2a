"""What layers of networks compute: convolutions and pools over windows, norms, products of
matrices and attention, each from a dictionary of its arguments."""
import math

import numpy as np

from maths import softmax


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


def attention(a):
    q, k, v = (a[n].astype(np.float64) for n in ("query", "key", "value"))
    s = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    m = a.get("attn_mask")
    if m is not None:
        s = np.where(m, s, -np.inf) if m.dtype == bool else s + m
    return softmax(s, -1) @ v
