"""peer_aieq.py MODEL.tflite RESULT.tflite CALIBRATION: AI Edge Quantizer's static int8 (8-bit activations, per-channel weights) of a
float TFLite model, on the .npy or .npz inputs of a folder."""
import glob
import os
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import quantizer, recipe

if __name__ == "__main__":
    model, result, folder = sys.argv[1:4]
    i = Interpreter(model_path=model)
    key, runner = next((k, i.get_signature_runner(k)) for k in i.get_signature_list())
    shapes = {n: tuple(d["shape"]) for n, d in runner.get_input_details().items()}
    samples = []
    for path in sorted(glob.glob(os.path.join(folder, "*.np[yz]"))):
        x = np.load(path)
        arrays = [x] if path.endswith(".npy") else [x[k] for k in x.files]
        samples.append({n: a if a.shape == s else a.transpose(0, 2, 3, 1) for (n, s), a in zip(shapes.items(), arrays)})
    # Inputs and outputs stay float, as the studio leaves them.
    edges = [{"regex": ".*", "operation": o, "algorithm_key": "no_quantize", "op_config": {}} for o in ("INPUT", "OUTPUT")]
    q = quantizer.Quantizer(model, recipe.static_wi8_ai8() + edges)
    made = q.quantize(q.calibrate({key: samples}))
    if os.path.exists(result):
        os.remove(result)
    made.export_model(result)
