"""Makes the models of the conformance suite, with the vendors' own packages:

    python make.py        # writes onnx/, openvino/ and tflite/ beside this file

The files are committed; run this only to change them.
"""

import os

import flatbuffers
import numpy as np
import onnx
import openvino as ov
from ai_edge_litert import schema_py_generated as tfl
from onnx import TensorProto as T
from onnx import helper as h

HERE = os.path.dirname(os.path.abspath(__file__))
SLOW_SIZE, SLOW_STEPS = 384, 160

DTYPES = {
    "f32": T.FLOAT, "f16": T.FLOAT16, "bf16": T.BFLOAT16, "f64": T.DOUBLE,
    "i8": T.INT8, "i16": T.INT16, "i32": T.INT32, "i64": T.INT64,
    "u8": T.UINT8, "u16": T.UINT16, "u32": T.UINT32, "u64": T.UINT64, "bool": T.BOOL,
}


def path(folder, name):
    os.makedirs(os.path.join(HERE, folder), exist_ok=True)
    return os.path.join(HERE, folder, name)


def model(nodes, inputs, outputs, opset=17):
    info = lambda v: h.make_tensor_value_info(*v)
    g = h.make_graph(nodes, "conform", [info(i) for i in inputs], [info(o) for o in outputs])
    return h.make_model(g, opset_imports=[h.make_opsetid("", opset)], ir_version=8, producer_name="conform")


def onnx_models():
    yield "add", model(
        [h.make_node("Add", ["x", "y"], ["sum"], "add"), h.make_node("Neg", ["sum"], ["neg"], "negate"),
         h.make_node("Mul", ["x", "y"], ["product"], "multiply")],
        [("x", T.FLOAT, ["N", 3]), ("y", T.FLOAT, ["N", 3])],
        [("neg", T.FLOAT, ["N", 3]), ("product", T.FLOAT, ["N", 3])])
    for name, t in DTYPES.items():
        yield "twice_" + name, model([h.make_node("Concat", ["x", "x"], ["y"], "twice", axis=0)], [("x", t, [2])], [("y", t, [4])])
    steps, last = [], "x"
    for i in range(SLOW_STEPS):
        steps += [h.make_node("MatMul", [last, "x"], [f"m{i}"]), h.make_node("Softmax", [f"m{i}"], [f"s{i}"], axis=-1)]
        last = f"s{i}"
    steps[-1].output[0] = "y"
    yield "slow", model(steps, [("x", T.FLOAT, [SLOW_SIZE, SLOW_SIZE])], [("y", T.FLOAT, [SLOW_SIZE, SLOW_SIZE])])


def onnx_only():
    """Corners of ONNX that the other formats cannot express."""
    twice = [h.make_node("Concat", ["x", "x"], ["y"], axis=0)]
    yield "dynamic_f16", model(twice, [("x", T.FLOAT16, ["N"])], [("y", T.FLOAT16, ["M"])])
    yield "dynamic_f32", model(twice, [("x", T.FLOAT, ["N"])], [("y", T.FLOAT, ["M"])])
    yield "symbolic_f16", model([h.make_node("Abs", ["x"], ["y"])], [("x", T.FLOAT16, ["N", 2])], [("y", T.FLOAT16, ["N", 2])])
    yield "scalar", model(
        [h.make_node("Add", ["x", "x"], ["inner"]), h.make_node("Neg", ["inner"], ["y"])], [("x", T.FLOAT, [])], [("y", T.FLOAT, [])])
    yield "no_inputs", model(
        [h.make_node("Constant", [], ["c"], value=h.make_tensor("c", T.FLOAT, [2], [1, 2])), h.make_node("Neg", ["c"], ["y"])],
        [], [("y", T.FLOAT, [2])])
    yield "strings", model([h.make_node("Identity", ["x"], ["y"])], [("x", T.STRING, ["N"])], [("y", T.STRING, ["N"])])
    # The declared shape holds for three nonzero elements only.
    yield "liar", model([h.make_node("NonZero", ["x"], ["y"])], [("x", T.FLOAT, [4])], [("y", T.INT64, [1, 3])])
    g = model([h.make_node("Add", ["x", "w"], ["y"])], [("x", T.FLOAT, [2]), ("w", T.FLOAT, [2])], [("y", T.FLOAT, [2])])
    g.graph.initializer.append(h.make_tensor("w", T.FLOAT, [2], [10, 20]))
    yield "default_input", g
    # An input that is an output, and an output that is there twice.
    yield "repeated", model([h.make_node("Neg", ["x"], ["y"])], [("x", T.FLOAT, [2])], [(n, T.FLOAT, [2]) for n in ("x", "y", "y")])
    yield "sequence", model(
        [h.make_node("SequenceConstruct", ["x", "x"], ["y"])], [("x", T.FLOAT, [2])], [])
    # Eight hundred bytes of weights outside the file.
    g = model([h.make_node("Add", ["x", "w"], ["inner"]), h.make_node("Neg", ["inner"], ["y"])], [("x", T.FLOAT, [200])], [("y", T.FLOAT, [200])])
    w = h.make_tensor("w", T.FLOAT, [200], np.arange(200, dtype=np.float32).tobytes(), raw=True)
    onnx.external_data_helper.set_external_data(w, "external.bin", 0, 800)
    w.ClearField("raw_data")
    g.graph.initializer.append(w)
    yield "external", g


def vicious():
    """Files that took vendors' libraries down; the first one is no model that anybody should accept."""
    g = model([h.make_node("Add", ["x", "w"], ["y"])], [("x", T.FLOAT, [200])], [("y", T.FLOAT, [200])])
    w = h.make_tensor("w", T.FLOAT, [200], bytes(800), raw=True)
    # An address in memory in place of a file: what ONNX Runtime writes for itself.
    onnx.external_data_helper.set_external_data(w, "*/_ORT_MEM_ADDR_/*", 16, 800)
    w.ClearField("raw_data")
    g.graph.initializer.append(w)
    yield "address", g
    inner = h.make_graph([h.make_node("Neg", ["x"], ["r"])], "g", [], [h.make_tensor_value_info("r", T.FLOAT, [2])])
    for i in range(25):
        other = h.make_graph([h.make_node("Abs", ["x"], [f"e{i}"])], f"else{i}", [], [h.make_tensor_value_info(f"e{i}", T.FLOAT, [2])])
        node = h.make_node("If", ["c"], [f"o{i}"], then_branch=inner, else_branch=other)
        inner = h.make_graph([node], f"then{i}", [], [h.make_tensor_value_info(f"o{i}", T.FLOAT, [2])])
    g = model([node], [("c", T.BOOL, []), ("x", T.FLOAT, [2])], [(node.output[0], T.FLOAT, [2])])
    yield "nested", g


class Flat:
    """A TFLite model of one subgraph, tensor by tensor and operator by operator."""

    types = {
        "f32": "FLOAT32", "f16": "FLOAT16", "f64": "FLOAT64", "i8": "INT8", "i16": "INT16", "i32": "INT32", "i64": "INT64",
        "u8": "UINT8", "u32": "UINT32", "bool": "BOOL",
    }

    def __init__(self):
        self.codes, self.graph = [], tfl.SubGraphT()
        self.graph.name, self.graph.tensors, self.graph.operators = "main", [], []

    def tensor(self, name, dtype, shape):
        t = tfl.TensorT()
        t.name, t.type, t.buffer = name, getattr(tfl.TensorType, self.types[dtype]), 0
        t.hasRank, t.shape = True, [1 if d < 0 else d for d in shape]
        if min(shape, default=0) < 0:
            t.shapeSignature = shape
        self.graph.tensors.append(t)
        return len(self.graph.tensors) - 1

    def op(self, code, inputs, outputs, options=None, version=1):
        c = tfl.OperatorCodeT()
        c.builtinCode = getattr(tfl.BuiltinOperator, code)
        c.deprecatedBuiltinCode, c.version = min(c.builtinCode, 127), version
        self.codes.append(c)
        o = tfl.OperatorT()
        o.opcodeIndex, o.inputs, o.outputs = len(self.codes) - 1, inputs, outputs
        if options is not None:
            o.builtinOptions = options
            o.builtinOptionsType = getattr(tfl.BuiltinOptions, type(options).__name__[:-1])
        self.graph.operators.append(o)

    def write(self, name, inputs, outputs):
        self.graph.inputs, self.graph.outputs = inputs, outputs
        m = tfl.ModelT()
        m.version, m.description = 3, "conform"
        m.operatorCodes, m.subgraphs, m.buffers = self.codes, [self.graph], [tfl.BufferT()]
        b = flatbuffers.Builder(1024)
        b.Finish(m.Pack(b), b"TFL3")
        with open(path("tflite", name + ".tflite"), "wb") as f:
            f.write(b.Output())


def tflite_models():
    f = Flat()
    x, y, s, n, p = (f.tensor(k, "f32", [-1, 3]) for k in ("x", "y", "sum", "neg", "product"))
    f.op("ADD", [x, y], [s], tfl.AddOptionsT())
    f.op("NEG", [s], [n])
    f.op("MUL", [x, y], [p], tfl.MulOptionsT())
    f.write("add", [x, y], [n, p])
    for name in ("f32", "i8", "i16", "i32", "i64", "u8", "u32", "bool"):
        f = Flat()
        x, y = f.tensor("x", name, [2]), f.tensor("y", name, [4])
        f.op("CONCATENATION", [x, x], [y], tfl.ConcatenationOptionsT(), 3)
        f.write("twice_" + name, [x], [y])
    f = Flat()
    first = last = f.tensor("x", "f32", [SLOW_SIZE, SLOW_SIZE])
    for i in range(SLOW_STEPS):
        m, s = f.tensor(f"m{i}", "f32", [SLOW_SIZE, SLOW_SIZE]), f.tensor(f"s{i}", "f32", [SLOW_SIZE, SLOW_SIZE])
        f.op("BATCH_MATMUL", [last, first], [m], tfl.BatchMatMulOptionsT())
        softmax = tfl.SoftmaxOptionsT()
        softmax.beta = 1.0
        f.op("SOFTMAX", [m], [s], softmax)
        last = s
    f.write("slow", [first], [last])


def main():
    for name, m in onnx_models():
        onnx.checker.check_model(m)
        onnx.save(m, path("onnx", name + ".onnx"))
        ov.save_model(ov.convert_model(path("onnx", name + ".onnx")), path("openvino", name + ".xml"), compress_to_fp16=False)
    np.arange(200, dtype=np.float32).tofile(path("onnx", "external.bin"))
    for name, m in onnx_only():
        if name == "sequence":
            seq = h.make_tensor_sequence_value_info("y", T.FLOAT, [2])
            m.graph.output.append(seq)
        onnx.save(m, path("onnx", name + ".onnx"))
    for name, m in vicious():
        onnx.save(m, path("vicious", name + ".onnx"))
    tflite_models()


main()
