"""Writes a detector's end whose scores come in pairs that are equal but for rounding: each twice, summed in another order.
Which of two comes first, and so what the boxes chosen by it are, is another on every runtime. Argument: the file."""
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

r = np.random.default_rng(0)
K, N = 512, 64
w = r.standard_normal((K, N)).astype(np.float32)
order = r.permutation(K).astype(np.int64)
nodes = [
    h.make_node("MatMul", ["x", "w"], ["one"], name="one"),
    h.make_node("Gather", ["x", "order"], ["turned"], name="turned", axis=1),
    h.make_node("MatMul", ["turned", "v"], ["other"], name="other"),
    h.make_node("Concat", ["one", "other"], ["scores"], name="scores", axis=1),
    h.make_node("TopK", ["scores", "k"], ["best", "at"], name="choice", axis=1),
    h.make_node("Gather", ["boxes", "at"], ["chosen"], name="chosen", axis=0),
    h.make_node("Mul", ["chosen", "two"], ["y"], name="scaled"),
]
constants = {"w": w, "v": w[order], "order": order, "k": np.array([16], np.int64), "two": np.array(2, np.float32),
             "boxes": r.standard_normal((2 * N, 4)).astype(np.float32)}
g = h.make_graph(nodes, "ties", [h.make_tensor_value_info("x", T.FLOAT, [1, K])],
                 [h.make_tensor_value_info("y", T.FLOAT, [1, 16, 4]), h.make_tensor_value_info("best", T.FLOAT, [1, 16])],
                 [nh.from_array(a, name) for name, a in constants.items()])
m = h.make_model(g, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(m, full_check=True)
onnx.save(m, sys.argv[1])
