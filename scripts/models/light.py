#!/usr/bin/env python3
"""light.py FOLDER: the classic networks that the package onnx ships without weights, each with seeded random ones of its own
size, as FOLDER/light_NAME.onnx, with inputs to calibrate all of them in FOLDER/calibration/light, and those of the zoo's
digits in FOLDER/calibration/mnist. What is there already is left alone."""
import glob
import os
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from pictures import pictures

SOURCE = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", "light_*.onnx")


def weights(rng, shape, use):
    """He et al. (2015) for products; scales, shifts and statistics as training leaves them."""
    op, place, branch = use
    if op == "BatchNormalization":
        # A branch adds little to what it is added to, as in trained networks: sixteen sums would grow without bound.
        low, high = ((0.2, 0.4) if branch else (0.7, 1.3), (-0.1, 0.1), (-0.1, 0.1), (0.8, 1.25))[place - 1]
        return rng.uniform(low, high, shape)
    if len(shape) >= 2:
        fan = np.prod(shape[1:])
        return rng.standard_normal(shape, dtype=np.float32) * np.float32((2 / fan) ** 0.5)
    # Shifts after a normalisation multiply and add over channels.
    return rng.uniform(0.7, 1.3, shape) if op == "Mul" else rng.uniform(-0.1, 0.1, shape)


def fill(path, to, seed):
    model, rng = onnx.load(path), np.random.default_rng(seed)
    graph = model.graph
    added = {i for n in graph.node if n.op_type in ("Sum", "Add") for i in n.input}
    uses = {i: (n.op_type, k, n.output[0] in added) for n in graph.node for k, i in enumerate(n.input)}
    for n in graph.node:  # a weight may pass through a shape operator before its use
        if n.op_type in ("Unsqueeze", "Reshape") and n.output[0] in uses:
            uses[n.input[0]] = uses[n.output[0]]
    known = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    made, kept = {}, []
    for n in graph.node:
        if n.op_type == "ConstantOfShape" and n.input[0] in known:
            made[n.output[0]] = tuple(known[n.input[0]].tolist())
        else:
            kept.append(n)
    for name, x in known.items():
        if x.dtype == np.float32 and x.size >= 8 and name in uses:
            made[name] = x.shape
    del graph.node[:]
    graph.node.extend(kept)
    read = {i for n in kept for i in n.input}
    tensors = [t for t in graph.initializer if t.name not in made and t.name in read]
    tensors += [numpy_helper.from_array(np.asarray(weights(rng, shape, uses[name]), np.float32), name) for name, shape in made.items() if name in uses]
    del graph.initializer[:]
    graph.initializer.extend(tensors)
    gone = [i for i in graph.input if i.name in known and (i.name in made or i.name not in read)]
    for i in gone:
        graph.input.remove(i)
    model.ir_version = max(model.ir_version, 4)
    part = f"{to}.{os.getpid()}"
    with open(part, "wb") as f:
        f.write(model.SerializeToString(deterministic=True))
    os.replace(part, to)


def calibrate(folder, inputs):
    if os.path.isdir(folder):
        return
    part = f"{folder}.{os.getpid()}"
    os.makedirs(part)
    for i, x in enumerate(inputs):
        np.save(os.path.join(part, f"{i:03d}.npy"), x[None])
    os.rename(part, folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for k, path in enumerate(sorted(glob.glob(SOURCE))):
        to = os.path.join(sys.argv[1], os.path.basename(path).replace("light_bvlc_", "light_"))
        if not os.path.exists(to):
            fill(path, to, 100 + k)
    calibrate(os.path.join(sys.argv[1], "calibration", "light"), pictures(48, 224, 5000))
    calibrate(os.path.join(sys.argv[1], "calibration", "mnist"), pictures(48, 28, 5001, channels=1))
