"""A case in the layout of ONNX's conformance data."""
import os

import numpy as np
from onnx import numpy_helper


def columns(value):
    """What an output holds as an array; of a list of maps a column for each label."""
    return np.array([[row[k] for k in sorted(row)] for row in value], np.float32) if isinstance(value, list) else value


def save(folder, name, proto, x, values):
    """Writes the model with its one input and the outputs expected."""
    data = os.path.join(folder, "test_" + name, "test_data_set_0")
    os.makedirs(data)
    files = {os.path.join(folder, "test_" + name, "model.onnx"): proto,
             os.path.join(data, "input_0.pb"): numpy_helper.from_array(x, proto.graph.input[0].name)}
    for i, (info, value) in enumerate(zip(proto.graph.output, values)):
        files[os.path.join(data, f"output_{i}.pb")] = numpy_helper.from_array(columns(value), info.name)
    for path, message in files.items():
        with open(path, "wb") as f:
            f.write(message.SerializeToString())
