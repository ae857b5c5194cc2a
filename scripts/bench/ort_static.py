"""ort_static.py MODEL RESULT CALIBRATION [percentile]: onnxruntime.quantization as its documentation advises for x86 (pre-processing, then
QDQ with u8 activations and per-channel s8 weights, min-max), on the .npy or .npz inputs of a folder."""
import glob
import os
import sys

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Folder(CalibrationDataReader):
    def __init__(self, folder, name):
        self.files, self.name = iter(sorted(glob.glob(os.path.join(folder, "*.np[yz]")))), name

    def get_next(self):
        path = next(self.files, None)
        if not path:
            return None
        x = np.load(path)
        return {self.name: x} if path.endswith(".npy") else {k: x[k] for k in x.files}


def quantize(model, result, folder, method="minmax"):
    prepared = result + ".prepared.onnx"
    quant_pre_process(model, prepared, skip_symbolic_shape=True)
    name = onnx.load(prepared, load_external_data=False).graph.input[0].name
    quantize_static(prepared, result, Folder(folder, name), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.Percentile if method == "percentile" else CalibrationMethod.MinMax)
    os.remove(prepared)


if __name__ == "__main__":
    quantize(*sys.argv[1:5])
