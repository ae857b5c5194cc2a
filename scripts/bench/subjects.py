"""The networks whose int8 is held against other quantizers: those of `make models`, the classic ones of the package onnx (both with
seeded random weights) and the trained ones of the zoo; with inputs to calibrate on and others to score."""
import csv
import glob
import os
import sys
from typing import Callable, NamedTuple

import numpy as np
import onnxruntime as ort
from PIL import Image, ImageDraw
from process import CACHE, ROOT

sys.path.insert(0, os.path.join(ROOT, "scripts", "models"))
from pictures import pictures  # noqa: E402

MODELS = os.path.join(ROOT, ".cache", "models")
ZOO = os.environ.get("STUDIO_ZOO", os.path.join(ROOT, "..", "shared", "zoo"))
SCORED = 96
SEED = 64000  # of the first made-up input that is scored
SCORED_AS = "3"  # another where other inputs are scored, so that what was measured on the former ones is measured again


class Subject(NamedTuple):
    name: str
    model: str
    folder: str  # of calibration inputs
    calibration: Callable  # an iterator of what the folder holds, or None where `make models` wrote it
    scored: Callable  # an iterator of tuples of inputs
    transformer: bool = False


def made_up(count, size, seed, like=lambda x: x):
    for i in range(count):
        yield (like(pictures(1, size, seed + i)),)


def zoo(*parts):
    return sorted(glob.glob(os.path.join(ZOO, "images", *parts)))


def picture(path, resample=Image.BICUBIC):
    """The shortest side to 256 of 224, centre crop."""
    im = Image.open(path).convert("RGB")
    if im.size != (224, 224):
        s = min(im.size) * 224 / 256
        x, y = (im.width - s) / 2, (im.height - s) / 2
        im = im.resize((224, 224), resample, (x, y, x + s, y + s))
    return np.asarray(im, np.float32)


def planar(x):
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])


def efficientnet(path):
    return planar((picture(path) - 127) / 128)


def squeezenet(path):
    """Blue, green, red less the means, in half precision as the file wants it."""
    return planar(picture(path)[..., ::-1] - np.float32([104, 117, 123])).astype(np.float16)


def cifar(path):
    x = np.fromfile(path, np.uint8).reshape(32, 32, 3).astype(np.float32) / 255
    return planar((x - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225]))


def yolox(path):
    """Blue, green, red from 0 to 255, scaled into 416 from the upper left corner, the rest 114."""
    im = Image.open(path).convert("RGB")
    r = 416 / max(im.size)
    x = np.full((416, 416, 3), 114, np.float32)
    small = np.asarray(im.resize((round(im.width * r), round(im.height * r)), Image.BILINEAR), np.float32)[..., ::-1]
    x[: small.shape[0], : small.shape[1]] = small
    return planar(x)


def strokes(seed):
    """White strokes on black, as thick as digits are."""
    rng = np.random.default_rng(seed)
    im = Image.new("L", (112, 112))
    points = [tuple(p) for p in rng.uniform(20, 92, (rng.integers(3, 6), 2))]
    ImageDraw.Draw(im).line(points, 255, 10, "curve")
    return (np.asarray(im.resize((28, 28), Image.BOX), np.float32) / 255)[None, None]


def exported(name, size=224, transformer=False):
    """A network of scripts/models/export.py; its calibration inputs are written there, with other seeds."""
    def scored():
        if name == "encoder":
            rng, n = np.random.default_rng(SEED), 128  # as tokens() of scripts/models/export.py
            ids = np.minimum(rng.zipf(1.2, (SCORED, n)), 30521).astype(np.int64)
            mask = (np.arange(n)[None] < rng.integers(n // 4, n + 1, SCORED)[:, None]).astype(np.int64)
            return iter([((ids * mask)[i : i + 1], mask[i : i + 1]) for i in range(SCORED)])
        like = (lambda x: np.clip((x + 2.2) * (255 / 4.8), 0, 255).astype(np.float32)) if name == "yolo" else (lambda x: x)
        return made_up(SCORED, size, SEED, like)
    return Subject(name, os.path.join(MODELS, name + ".onnx"), os.path.join(MODELS, "calibration", name), None, scored, transformer)


def random(name, path=None):
    """A network with random weights that takes 224 x 224 pictures."""
    return Subject(name, path or os.path.join(MODELS, name + ".onnx"), os.path.join(MODELS, "calibration", "light"), None,
                   lambda: made_up(SCORED, 224, SEED))


def trained(name, path, prepare, calibration, scored):
    """A network of the zoo, with pictures it was made for."""
    return Subject(name, os.path.join(ZOO, path), os.path.join(CACHE, "calibration-" + name),
                   lambda: (prepare(p) for p in calibration()), lambda: ((prepare(p),) for p in scored()))


def small_pictures():
    """The files of the second half of CIFAR's pictures come after those of the first in the list of their labels."""
    folder = os.path.join(ZOO, "images", "cifar10-200")
    with open(os.path.join(folder, "y_labels.csv")) as f:
        return [os.path.join(folder, r[0].strip()) for r in csv.reader(f) if r]


def subjects():
    """All, from small to large, so that a run that is cut short has most of them."""
    photos, validation, coco = (lambda: zoo("imagenet-calibration-100", "*.*")), (lambda: zoo("imagenet-val-250", "*", "*")), (lambda: zoo("coco-24", "images", "*"))
    yield trained("mnist", "tiny/mnist.onnx", strokes, lambda: range(48), lambda: range(SEED, SEED + SCORED))
    yield trained("ResNet-20", "cifar/resnet20_cifar10.onnx", cifar, lambda: small_pictures()[:100], lambda: small_pictures()[100:])
    yield trained("squeezenet_fp16", "imagenet/squeezenet_fp16.onnx", squeezenet, photos, lambda: validation()[1::2])
    yield random("light_squeezenet")
    yield random("light_shufflenet")
    yield exported("shufflenet_v2")
    yield exported("mobilenet_v3_small")
    yield random("mobilenet_v3_small_raw", os.path.join(ZOO, "torch", "mobilenet_v3_small_raw.onnx"))
    yield exported("mobilenet_v2")
    yield trained("EfficientNet-Lite0", "imagenet/efficientnet-lite0.onnx", efficientnet, photos, lambda: validation()[1::2])
    yield exported("mobilenet_v3_large")
    yield exported("efficientnet_b0")
    yield exported("regnet")
    yield exported("resnet18")
    yield trained("yolox_nano", "detect/yolox_nano_coco.onnx", yolox, lambda: photos()[:32] + coco()[:16], lambda: coco()[16:] + validation()[5::11])
    yield exported("yolo", 320)
    yield exported("resnet50")
    yield random("light_inception_v1")
    yield random("light_inception_v2")
    yield random("light_resnet50")
    yield random("light_alexnet")
    yield random("light_zfnet512")
    yield exported("densenet121")
    yield random("light_densenet121")
    yield exported("inception_v3", 299)
    yield exported("deeplabv3", 256)
    yield exported("convnext_t")
    yield exported("swin_t", transformer=True)
    yield random("light_vgg19")
    yield exported("vit_b_16", transformer=True)
    yield exported("encoder", transformer=True)


def calibrated(s):
    """The folder of calibration inputs, filled where it was not."""
    if s.calibration and not glob.glob(os.path.join(s.folder, "*.npy")):
        os.makedirs(s.folder, exist_ok=True)
        for i, x in enumerate(s.calibration()):
            np.save(os.path.join(s.folder, f"{i:03d}.npy"), x)
    return s.folder


def reference(s, path):
    """Writes the scored inputs and what the source makes of them on ONNX Runtime: arrays in0, in1 ... out0 ... with the inputs
    along a new first axis, and the names of inputs and outputs."""
    session = ort.InferenceSession(s.model, providers=["CPUExecutionProvider"])
    names = [[v.name for v in vs] for vs in (session.get_inputs(), session.get_outputs())]
    inputs = [*zip(*s.scored())]
    outputs = zip(*(session.run(None, dict(zip(names[0], x))) for x in zip(*inputs)))
    arrays = {f"in{i}": np.stack(x) for i, x in enumerate(inputs)} | {f"out{i}": np.stack(y) for i, y in enumerate(outputs)}
    with open(path + ".part", "wb") as f:
        np.savez(f, inputs=names[0], outputs=names[1], **arrays)
    os.replace(path + ".part", path)
