"""What moves elements or reads between them: resizing, slices, blocks of pixels, gathering."""
import numpy as np


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


def topk(a):
    """The values and their places, the first of equals first."""
    x, axis = a["x"], int(a.get("axis", -1))
    order = np.argsort(x if a.get("ascending", False) else -x, axis=axis, kind="stable")
    at = np.take(order, np.arange(int(a["k"])), axis)
    return np.take_along_axis(x, at, axis), at
