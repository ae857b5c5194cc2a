"""peer_aieq.py MODEL.tflite RESULT.tflite CALIBRATION: AI Edge Quantizer's static int8 (8-bit activations, per-channel weights) of a
float TFLite model, on the .npy or .npz inputs of a folder."""
import glob
import os
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import quantizer, recipe


def fit(x, detail):
    shape = tuple(detail["shape"])
    return (x if x.shape == shape else x.transpose(0, 2, 3, 1)).astype(detail["dtype"])


if __name__ == "__main__":
    model, result, folder = sys.argv[1:4]
    i = Interpreter(model_path=model)
    key, runner = next((k, i.get_signature_runner(k)) for k in i.get_signature_list())
    details = runner.get_input_details()
    samples = []
    for path in sorted(glob.glob(os.path.join(folder, "*.np[yz]"))):
        x = np.load(path)
        arrays = dict(zip(details, [x])) if path.endswith(".npy") else x
        samples.append({n: fit(arrays[n], d) for n, d in details.items()})
    # Inputs and outputs stay float, as the studio leaves them.
    edges = [{"regex": ".*", "operation": o, "algorithm_key": "no_quantize", "op_config": {}} for o in ("INPUT", "OUTPUT")]
    q = quantizer.Quantizer(model, recipe.static_wi8_ai8() + edges)
    made = q.quantize(q.calibrate({key: samples}))
    if os.path.exists(result):
        os.remove(result)
    made.export_model(result)
