"""ort_static.py MODEL RESULT CALIBRATION [percentile]: onnxruntime.quantization as its documentation advises for x86 (pre-processing, then
QDQ with u8 activations and per-channel s8 weights, min-max), on the .npy or .npz inputs of a folder. A model of an opset that
has no scales per channel is brought to 17 first. Percentiles, which keep every activation, are collected in parts of the inputs."""
import glob
import os
import sys

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

PART = 16


class Folder(CalibrationDataReader):
    def __init__(self, folder, given):
        self.files, self.given = sorted(glob.glob(os.path.join(folder, "*.np[yz]"))), given
        self.set_range(0, len(self.files))

    def __len__(self):
        return len(self.files)

    def set_range(self, start_index, end_index):
        self.next = iter(self.files[start_index:end_index])

    def get_next(self):
        path = next(self.next, None)
        if not path:
            return None
        x = np.load(path)
        return {self.given: x} if path.endswith(".npy") else {k: x[k] for k in x.files}


def quantize(model, result, folder, method="minmax"):
    prepared, newer = result + ".prepared.onnx", result + ".newer.onnx"
    m = onnx.load(model)
    if max(o.version for o in m.opset_import if o.domain in ("", "ai.onnx")) < 13:
        onnx.save(onnx.version_converter.convert_version(m, 17), newer)
        model = newer
    quant_pre_process(model, prepared, skip_symbolic_shape=True)
    graph = onnx.load(prepared, load_external_data=False).graph
    weights = {t.name for t in graph.initializer}
    inputs = Folder(folder, next(i.name for i in graph.input if i.name not in weights))
    percentile = method == "percentile"
    part = max(k for k in range(1, PART + 1) if len(inputs) % k == 0)
    quantize_static(prepared, result, inputs, quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                    calibrate_method=CalibrationMethod.Percentile if percentile else CalibrationMethod.MinMax,
                    extra_options={"CalibStridedMinMax": part} if percentile and part < len(inputs) else {})
    for path in (prepared, newer):
        if os.path.exists(path):
            os.remove(path)


if __name__ == "__main__":
    quantize(*sys.argv[1:5])
