#!/usr/bin/env python3
"""Exports known architectures with seeded random weights as ONNX, the way their users do.

    export.py FOLDER [NAME...]      default all; --list prints the names

NAME.onnx is what the exporter of today (torch.export, opset 18) writes, NAME.script.onnx what its predecessor (TorchScript,
opset 17, BatchNormalization kept) writes of the same weights. NAME.npz holds one input and PyTorch's outputs, and
calibration/NAME/ inputs of the same kind for whoever calibrates. What is there already is left alone.
"""
import logging
import os
import sys
import warnings

import numpy as np
import torch
import torchvision.models as tv
from encoder import Encoder
from pictures import pictures
from torch import nn
from yolo import Yolo

CALIBRATION = 48


class First(nn.Module):
    """A segmentation network's main output alone."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)["out"]


def segmenter():
    return First(tv.segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=21))


def inception():
    return tv.inception_v3(weights=None, aux_logits=False, transform_input=False, init_weights=True)


NETWORKS = {  # name: what makes it, side of its pictures (0: text)
    "mobilenet_v2": (tv.mobilenet_v2, 224),
    "mobilenet_v3_small": (tv.mobilenet_v3_small, 224),
    "resnet18": (tv.resnet18, 224),
    "shufflenet_v2": (tv.shufflenet_v2_x1_0, 224),
    "yolo": (Yolo, 320),
    "vit_b_16": (tv.vit_b_16, 224),
    "mobilenet_v3_large": (tv.mobilenet_v3_large, 224),
    "efficientnet_b0": (tv.efficientnet_b0, 224),
    "resnet50": (tv.resnet50, 224),
    "regnet": (tv.regnet_y_400mf, 224),
    "swin_t": (tv.swin_t, 224),
    "convnext_t": (tv.convnext_tiny, 224),
    "densenet121": (tv.densenet121, 224),
    "deeplabv3": (segmenter, 256),
    "inception_v3": (inception, 299),
    "encoder": (Encoder, 0),
}


def tokens(count, seed, length=128, vocabulary=30522):
    """Token numbers as frequent as words are (Zipf), and masks of sentences that end early."""
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.zipf(1.2, (count, length)), vocabulary - 1).astype(np.int64)
    ends = rng.integers(length // 4, length + 1, count)
    mask = (np.arange(length)[None] < ends[:, None]).astype(np.int64)
    return ids * mask, mask


def raw(x):
    """What detectors of this kind read: picture elements from 0 to 255."""
    return np.clip((x + 2.2) * (255 / 4.8), 0, 255).astype(np.float32)


def inputs(name, count, seed):
    """A list of tuples of arrays with batch 1."""
    size = NETWORKS[name][1]
    arrays = (pictures(count, size, seed),) if size else tokens(count, seed)
    if name == "yolo":
        arrays = (raw(arrays[0]),)
    return [tuple(a[i : i + 1] for a in arrays) for i in range(count)]


def settling(name, seed):
    """Pictures, and among them the noise that programs are tried with: on what its statistics never saw a random network's
    activations may grow a thousandfold."""
    batch, rng = inputs(name, 24, seed), np.random.default_rng(seed + 1)
    if name == "encoder":
        return batch
    low, high = (0, 255) if name == "yolo" else (-2.2, 2.6)
    if name == "yolo":  # its pictures have borders, and may be nothing else
        batch[4::6] = [(np.full_like(b[0], v),) for v, b in zip((0, 114, 0, 255), batch[4::6])]
    return [(rng.uniform(low, high, b[0].shape).astype(np.float32),) if i % 3 == 2 else b for i, b in enumerate(batch)]


def tensors(batch):
    return tuple(torch.from_numpy(np.concatenate(a)) for a in zip(*batch))


@torch.no_grad()
def settle(net, batch):
    """Scales and shifts as training leaves them, then BatchNormalization's statistics from a batch, as training measures
    them: without that a deep random network's activations vanish or explode, and 8 bits would mean nothing."""
    g = torch.Generator().manual_seed(7)
    norms = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for m in norms + [m for m in net.modules() if isinstance(m, nn.LayerNorm)]:
        m.weight.mul_(0.7 + 0.6 * torch.rand(m.weight.shape, generator=g))
        m.bias.add_(0.1 * torch.randn(m.bias.shape, generator=g))
    net.eval()
    for m in norms:
        m.train()
        m.momentum = None  # the mean over all batches
    for i in range(0, len(batch) if norms else 0, 8):
        net(*tensors(batch[i : i + 8]))
    # A last layer starts so near zero that its outputs say little; as large as its inputs they separate classes.
    last = [m for m in net.modules() if isinstance(m, nn.Linear)]
    if last and last[-1].out_features == 1000:
        nn.init.normal_(last[-1].weight, std=(2.0 / last[-1].in_features) ** 0.5, generator=g)
    net.eval()


def write(path, make):
    """Never leaves half a file."""
    part = f"{path}.{os.getpid()}"
    make(part)
    os.replace(part, path)


def script_export(net, args, names, outputs, path):
    torch.onnx.export(net, args, path, dynamo=False, opset_version=17, input_names=names, output_names=outputs,
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=True)


def dynamo_export(net, args, names, outputs, path):
    torch.onnx.export(net, args, path, dynamo=True, opset_version=18, input_names=names, output_names=outputs,
                      external_data=False, verbose=False)


def export(folder, name, number):
    make, size = NETWORKS[name]
    base = os.path.join(folder, name)
    wanted = [(f, e) for f, e in ((base + ".script.onnx", script_export), (base + ".onnx", dynamo_export)) if not os.path.exists(f)]
    calibration = os.path.join(folder, "calibration", name)
    if not wanted and os.path.exists(base + ".npz") and len(os.listdir(calibration)) == CALIBRATION:
        return
    print("exporting", name, flush=True)
    torch.manual_seed(1000 + number)
    net = make()
    settle(net, settling(name, 2000 + number))
    names = ["input"] if size else ["input_ids", "attention_mask"]
    outputs = ["output"] if size else ["features", "pooled"]
    args = tensors(inputs(name, 1, 3000 + number))
    with torch.no_grad():
        got = net(*args)
    got = got if isinstance(got, tuple) else (got,)

    def savez(path):
        with open(path, "wb") as f:
            np.savez(f, **{n: a.numpy() for n, a in zip(names + outputs, args + got)})

    write(base + ".npz", savez)
    os.makedirs(calibration, exist_ok=True)
    for i, arrays in enumerate(inputs(name, CALIBRATION, 4000 + number)):
        with open(os.path.join(calibration, f"{i:03d}.npz"), "wb") as f:
            np.savez(f, **dict(zip(names, arrays)))
    for path, exporter in wanted:
        write(path, lambda part: exporter(net, args, names, outputs, part))


def main():
    if sys.argv[1:] == ["--list"]:
        print(*NETWORKS, sep="\n")
        return
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, asked = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    unknown = [n for n in asked if n not in NETWORKS]
    if unknown:
        sys.exit(f"unknown networks {' '.join(unknown)}: known are {' '.join(NETWORKS)}")
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    os.makedirs(folder, exist_ok=True)
    failed = []
    for name in asked:
        try:
            export(folder, name, list(NETWORKS).index(name))
        except Exception as e:  # the others are still wanted
            failed.append(f"{name}: {type(e).__name__}: {e}")
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
