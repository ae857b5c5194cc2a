#!/usr/bin/env python3
"""Makes the benchmarks' models: known architectures with seeded random weights, the same bytes on every run.

    models.py FOLDER [NAME...]      default all: resnet50 mobilenet_v2 vit_b_16 chain2000 chain10000

Weights are scaled so that activations keep their size from layer to layer (He et al., 2015), and BatchNormalization is
kept, with statistics away from 0 and 1, as training exporters leave it. A model that is there already is left alone.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """A graph under construction; each method adds a layer and returns the name of its output."""

    def __init__(self, name, seed):
        self.name, self.rng = name, np.random.default_rng(seed)
        self.nodes, self.weights = [], []

    def const(self, name, array):
        self.weights.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def normal(self, name, shape, std):
        return self.const(name, (self.rng.standard_normal(shape, dtype=np.float32) * np.float32(std)))

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name + "_out"], name=name, **attributes))
        return name + "_out"

    def conv(self, x, name, cin, cout, k, stride=1, groups=1, gain=2.0):
        fan = cin // groups * k * k
        w = self.normal(name + ".weight", (cout, cin // groups, k, k), (gain / fan) ** 0.5)
        return self.node("Conv", [x, w], name, kernel_shape=[k, k], strides=[stride, stride], pads=[k // 2] * 4,
                         dilations=[1, 1], group=groups)

    def batch_norm(self, x, name, c, gamma=1.0):
        u = self.rng.uniform
        p = [self.const(f"{name}.{n}", u(lo, hi, c).astype(np.float32)) for n, lo, hi in (
            ("weight", 0.8 * gamma, 1.2 * gamma), ("bias", -0.1, 0.1), ("running_mean", -0.1, 0.1), ("running_var", 0.8, 1.25))]
        return self.node("BatchNormalization", [x, *p], name, epsilon=1e-5, momentum=0.9)

    def linear(self, x, name, cin, cout, gain=1.0):
        w = self.normal(name + ".weight", (cout, cin), (gain / cin) ** 0.5)
        b = self.const(name + ".bias", np.zeros(cout, np.float32))
        return self.node("Gemm", [x, w, b], name, transB=1)

    def save(self, path, x, y, opset=17):
        graph = helper.make_graph(
            self.nodes, self.name, [helper.make_tensor_value_info(x[0], TensorProto.FLOAT, x[1])],
            [helper.make_tensor_value_info(y[0], TensorProto.FLOAT, y[1])], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, producer_name="slipway-bench")
        onnx.checker.check_model(model)
        part = f"{path}.{os.getpid()}"  # several may make it at once
        with open(part, "wb") as f:
            f.write(model.SerializeToString(deterministic=True))
        os.replace(part, path)


def resnet50(path):
    """ResNet-50 v1.5 as torchvision has it: 25.6 M parameters, 102 MB."""
    n = Net("resnet50", 50)

    def unit(x, name, cin, cout, k, stride=1, relu=True, gamma=1.0):
        x = n.batch_norm(n.conv(x, name + ".conv", cin, cout, k, stride), name + ".bn", cout, gamma)
        return n.node("Relu", [x], name + ".relu") if relu else x

    x = unit("input", "stem", 3, 64, 7, 2)
    x = n.node("MaxPool", [x], "maxpool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    c = 64
    for stage, (width, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 1):
        for b in range(blocks):
            name, stride = f"layer{stage}.{b}", 2 if b == 0 and stage > 1 else 1
            # The branch adds little, as in trained networks, so that 16 sums do not grow without bound.
            y = unit(unit(unit(x, name + ".1", c, width, 1), name + ".2", width, width, 3, stride), name + ".3", width, 4 * width, 1,
                     relu=False, gamma=0.3)
            if b == 0:
                x = unit(x, name + ".down", c, 4 * width, 1, stride, relu=False, gamma=0.7)
            c = 4 * width
            x = n.node("Relu", [n.node("Add", [y, x], name + ".add")], name + ".relu")
    x = n.node("Flatten", [n.node("GlobalAveragePool", [x], "avgpool")], "flatten", axis=1)
    y = n.linear(x, "fc", 2048, 1000)
    n.save(path, ("input", [1, 3, 224, 224]), (y, [1, 1000]))


def mobilenet_v2(path):
    """MobileNetV2 1.0: 3.5 M parameters, 14 MB."""
    n = Net("mobilenet_v2", 2)

    def unit(x, name, cin, cout, k, stride=1, groups=1, act=True, gamma=1.0):
        x = n.batch_norm(n.conv(x, name + ".conv", cin, cout, k, stride, groups), name + ".bn", cout, gamma)
        if not act:
            return x
        return n.node("Clip", [x, "zero", "six"], name + ".relu6")

    n.const("zero", np.float32(0))
    n.const("six", np.float32(6))
    x, c, i = unit("input", "stem", 3, 32, 3, 2), 32, 0
    for t, out, repeat, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for r in range(repeat):
            name, s, hidden = f"features.{i}", stride if r == 0 else 1, c * t
            y = x if t == 1 else unit(x, name + ".expand", c, hidden, 1)
            y = unit(y, name + ".depthwise", hidden, hidden, 3, s, groups=hidden)
            skip = s == 1 and c == out
            y = unit(y, name + ".project", hidden, out, 1, act=False, gamma=0.5 if skip else 1.0)
            x = n.node("Add", [x, y], name + ".add") if skip else y
            c, i = out, i + 1
    x = unit(x, "last", c, 1280, 1)
    x = n.node("Flatten", [n.node("GlobalAveragePool", [x], "avgpool")], "flatten", axis=1)
    y = n.linear(x, "classifier", 1280, 1000)
    n.save(path, ("input", [1, 3, 224, 224]), (y, [1, 1000]))


def vit_b_16(path, depth=12, d=768, heads=12):
    """ViT-B/16 spelt as an exporter of opset 17 does: LayerNormalization, Erf for GELU, 86 M parameters, 346 MB."""
    n = Net("vit_b_16", 16)
    shape = lambda name, *v: n.const(name, np.array(v, np.int64))
    matmul = lambda x, name, i, o: n.node("Add", [n.node("MatMul", [x, n.normal(name + ".weight", (i, o), 0.7 / i**0.5)], name),
                                                 n.const(name + ".bias", np.zeros(o, np.float32))], name + ".add")
    norm = lambda x, name: n.node("LayerNormalization", [x, n.const(name + ".weight", np.ones(d, np.float32)),
                                                         n.const(name + ".bias", np.zeros(d, np.float32))], name, axis=-1, epsilon=1e-6)
    half, one, root2 = (n.const(k, np.float32(v)) for k, v in (("half", 0.5), ("one", 1.0), ("root2", 2**0.5)))
    scale = n.const("scale", np.float32((d // heads) ** -0.5))
    split_heads, join_heads = shape("split_heads", 1, 197, heads, d // heads), shape("join_heads", 1, 197, d)
    w = n.normal("patch.weight", (d, 3, 16, 16), 768**-0.5)
    b = n.const("patch.bias", np.zeros(d, np.float32))
    x = n.node("Conv", ["input", w, b], "patch", kernel_shape=[16, 16], strides=[16, 16])
    x = n.node("Reshape", [x, shape("tokens", 1, d, 196)], "patch.reshape")
    x = n.node("Transpose", [x], "patch.transpose", perm=[0, 2, 1])
    x = n.node("Concat", [n.normal("class_token", (1, 1, d), 0.02), x], "patch.concat", axis=1)
    x = n.node("Add", [x, n.normal("positions", (1, 197, d), 0.02)], "positions.add")
    for i in range(depth):
        p = f"block{i}"
        y = norm(x, p + ".norm1")
        q, k, v = (n.node("Transpose", [n.node("Reshape", [matmul(y, f"{p}.{t}", d, d), split_heads], f"{p}.{t}.heads")],
                          f"{p}.{t}.transpose", perm=[0, 2, 3, 1] if t == "k" else [0, 2, 1, 3]) for t in "qkv")
        a = n.node("Mul", [n.node("MatMul", [q, k], p + ".scores"), scale], p + ".scale")
        a = n.node("MatMul", [n.node("Softmax", [a], p + ".softmax", axis=-1), v], p + ".attend")
        a = n.node("Reshape", [n.node("Transpose", [a], p + ".join", perm=[0, 2, 1, 3]), join_heads], p + ".join.reshape")
        x = n.node("Add", [x, matmul(a, p + ".proj", d, d)], p + ".add1")
        y = matmul(norm(x, p + ".norm2"), p + ".fc1", d, 4 * d)
        e = n.node("Erf", [n.node("Div", [y, root2], p + ".gelu.div")], p + ".gelu.erf")
        e = n.node("Mul", [n.node("Mul", [y, n.node("Add", [e, one], p + ".gelu.add")], p + ".gelu.mul"), half], p + ".gelu")
        x = n.node("Add", [x, matmul(e, p + ".fc2", 4 * d, d)], p + ".add2")
    x = n.node("Gather", [norm(x, "norm"), n.const("first", np.array(0, np.int64))], "class", axis=1)
    y = n.linear(x, "head", d, 1000)
    n.save(path, ("input", [1, 3, 224, 224]), (y, [1, 1000]))


def chain10000(path, nodes=10000, c=8):
    """A ResNet-like graph of so many nodes with tiny weights, for what draws graphs."""
    n = Net(f"chain{nodes}", nodes)
    x = n.node("Relu", [n.conv("input", "stem", 3, c, 3)], "stem.relu")
    i = 0
    while len(n.nodes) + 7 <= nodes - 3:
        p, y = f"block{i}", x
        for k, relu in ((1, True), (2, False)):
            y = n.batch_norm(n.conv(y, f"{p}.conv{k}", c, c, 1), f"{p}.bn{k}", c, 1.0 if relu else 0.05)
            y = n.node("Relu", [y], f"{p}.relu{k}") if relu else y
        x = n.node("Relu", [n.node("Add", [x, y], p + ".add")], p + ".relu")
        i += 1
    while len(n.nodes) < nodes - 3:
        x = n.node("Relu", [x], f"tail{len(n.nodes)}")
    x = n.node("Flatten", [n.node("GlobalAveragePool", [x], "avgpool")], "flatten", axis=1)
    y = n.linear(x, "fc", c, 10)
    n.save(path, ("input", [1, 3, 32, 32]), (y, [1, 10]))


def chain2000(path):
    chain10000(path, 2000)


MODELS = {f.__name__: f for f in (resnet50, mobilenet_v2, vit_b_16, chain2000, chain10000)}

if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        if name not in MODELS:
            sys.exit(f"unknown model {name}: known are {' '.join(MODELS)}")
        path = os.path.join(sys.argv[1], name + ".onnx")
        if not os.path.exists(path):
            MODELS[name](path)
        print(path)
