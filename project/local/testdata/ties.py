"""Writes a detector's end, of several classes, whose scores come in pairs that are equal but for rounding: each twice, summed in another order.
Which of two comes first, and so what the boxes chosen by it are, is another on every runtime. Argument: the file."""
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

r = np.random.default_rng(0)
K, N, CLASSES = 512, 64, 8  # more classes than verification follows one by one
w = r.standard_normal((K, N)).astype(np.float32)
order = r.permutation(K).astype(np.int64)
parts = [[f"{side}{c}" for c in range(CLASSES)] for side in ("one", "other")]
nodes = [
    h.make_node("MatMul", ["x", "w"], ["one"], name="one"),
    h.make_node("Gather", ["x", "order"], ["turned"], name="turned", axis=1),
    h.make_node("MatMul", ["turned", "v"], ["other"], name="other"),
    h.make_node("Split", ["one", "each"], parts[0], name="ones", axis=1),
    h.make_node("Split", ["other", "each"], parts[1], name="others", axis=1),
]
for c in range(CLASSES):
    nodes += [
        h.make_node("Concat", [parts[0][c], parts[1][c]], [f"scores{c}"], name=f"scores{c}", axis=1),
        h.make_node("TopK", [f"scores{c}", "k"], [f"best{c}", f"at{c}"], name=f"choice{c}", axis=1),
        h.make_node("Gather", ["boxes", f"at{c}"], [f"chosen{c}"], name=f"chosen{c}", axis=0),
    ]
nodes += [
    h.make_node("Concat", [f"chosen{c}" for c in range(CLASSES)], ["chosen"], name="chosen", axis=1),
    h.make_node("Mul", ["chosen", "two"], ["y"], name="scaled"),
    h.make_node("Concat", [f"best{c}" for c in range(CLASSES)], ["best"], name="best", axis=1),
]
constants = {"w": w, "v": w[order], "order": order, "k": np.array([4], np.int64), "two": np.array(2, np.float32),
             "each": np.full(CLASSES, N // CLASSES, np.int64), "boxes": r.standard_normal((2 * N // CLASSES, 4)).astype(np.float32)}
g = h.make_graph(nodes, "ties", [h.make_tensor_value_info("x", T.FLOAT, [1, K])],
                 [h.make_tensor_value_info("y", T.FLOAT, [1, 4 * CLASSES, 4]), h.make_tensor_value_info("best", T.FLOAT, [1, 4 * CLASSES])],
                 [nh.from_array(a, name) for name, a in constants.items()])
m = h.make_model(g, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(m, full_check=True)
onnx.save(m, sys.argv[1])
