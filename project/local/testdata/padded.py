"""padded.py FILE: negative numbers with a border of zeros before a MaxPool, which ONNX Runtime's optimisations take for a border of -inf where
nothing else reads it. Here an AveragePool does, whose own border a converter makes it."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(5)
weights = [numpy_helper.from_array(rng.standard_normal((8, 3, 3, 3)).astype(np.float32), "w"),
           numpy_helper.from_array(np.full(8, -50, np.float32), "b"),
           numpy_helper.from_array(np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64), "pads")]
nodes = [helper.make_node("Conv", ["x", "w", "b"], ["c"], "conv"), helper.make_node("Pad", ["c", "pads"], ["p"], "pad"),
         *(helper.make_node(op, ["p"], [m], m, kernel_shape=[3, 3], strides=[2, 2]) for op, m in (("MaxPool", "m"), ("AveragePool", "n"))),
         helper.make_node("Add", ["m", "n"], ["y"], "add")]
graph = helper.make_graph(nodes, "padded", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 17, 17])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), sys.argv[1])
