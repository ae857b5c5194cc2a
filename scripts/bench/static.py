"""Static int8 on the same 64 inputs beside onnxruntime.quantization: 8 bits unsigned for activations, signed for weights,
a scale for each output channel, ranges by minimum and maximum, written as QDQ."""
import os
import sys

import numpy as np
from conversion import OUT, fresh, studio
from process import CACHE, ROOT, machine, side_by_side

CALIBRATION = os.path.join(CACHE, "calibration64")


def inputs():
    os.makedirs(CALIBRATION, exist_ok=True)
    rng = np.random.default_rng(64)
    for i in range(64):
        x, path = rng.standard_normal((1, 3, 224, 224), dtype=np.float32), os.path.join(CALIBRATION, f"{i:02d}.npy")
        if not os.path.exists(path):
            np.save(path, x)


if __name__ == "__main__":
    inputs()
    script = os.path.join(ROOT, "scripts", "bench", "ort_static.py")
    pairs = []
    for name in ("resnet50", "mobilenet_v2"):
        model, made = os.path.join(CACHE, name + ".onnx"), os.path.join(OUT, "peer")
        theirs = ("onnxruntime.quantization", [sys.executable, script, model, os.path.join(made, "q.onnx"), CALIBRATION], fresh(made))
        # The peer's method first, then our default, which tries several.
        for title, method in ((f"{name}, static int8, min-max", "minmax"), (f"{name}, static int8, method by trial", "auto")):
            ours = studio(model, "onnx", "--precision", "int8", "--calibrate", CALIBRATION, "--calibration-method", method)
            pairs.append((title, [("studio", *ours), theirs], (0.5, None)))
    print("## Static int8 with 64 calibration inputs, whole processes\n")
    machine()
    side_by_side(pairs, max(1, int(sys.argv[1]) // 2), os.path.join(OUT, "log"))
