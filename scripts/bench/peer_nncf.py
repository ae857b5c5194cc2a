"""peer_nncf.py MODEL RESULT.xml CALIBRATION [transformer]: NNCF's post-training quantization of an ONNX model for OpenVINO, as
its documentation advises (preset by the kind of model, bias correction on), on the .npy or .npz inputs of a folder."""
import glob
import os
import sys

import nncf
import numpy as np
import openvino as ov


def load(path):
    x = np.load(path)
    return x if path.endswith(".npy") else {k: x[k] for k in x.files}


if __name__ == "__main__":
    model, result, folder = sys.argv[1:4]
    files = sorted(glob.glob(os.path.join(folder, "*.np[yz]")))
    core = ov.Core()
    kind = nncf.ModelType.TRANSFORMER if "transformer" in sys.argv[4:] else None
    preset = nncf.QuantizationPreset.MIXED if "mixed" in sys.argv[4:] else None
    q = nncf.quantize(core.read_model(model), nncf.Dataset(files, load), model_type=kind, preset=preset, subset_size=len(files))
    ov.save_model(q, result, compress_to_fp16=False)
