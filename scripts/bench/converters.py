"""Whole conversions, no verification, beside onnx2tf, coremltools and pnnx: what a user waits for and what it takes."""
import os
import shutil
import subprocess
import sys

from latency import MODELS, OUT, PEERS
from process import ROOT, STUDIO, machine, side_by_side

NETWORKS = {"ResNet-50": "resnet50", "ViT-B/16": "vit_b_16"}
LIMITS = (0.2, 1 / 3)


def fresh(path):
    def prepare():
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
    return prepare


def peer(name, program, *arguments, folder=None, prepare=None):
    """The environment's own programs come first, as in an activated one."""
    bin = os.path.join(PEERS, name, "bin")
    command = ["env", f"PATH={bin}:{os.environ['PATH']}", os.path.join(bin, program), *arguments]
    if folder:
        command = ["sh", "-c", 'cd "$0" && exec "$@"', folder, *command]
    return name, command, prepare or (lambda: None)


def studio(model, target):
    d = os.path.join(OUT, "whole")
    return "studio", [STUDIO, "convert", model, "--to", target, "--no-verify", "-o", d], fresh(d)


def source(name, kind):
    """What the tools that start from PyTorch take; made once, not timed."""
    path = os.path.join(OUT, f"{name}.{'pt2' if kind == 'program' else 'pt'}")
    if not os.path.exists(path):
        os.makedirs(OUT, exist_ok=True)
        subprocess.run([os.path.join(PEERS, "coremltools", "bin", "python"), os.path.join(ROOT, "scripts", "bench", "from_torch.py"), kind, name, path], check=True, stdout=subprocess.DEVNULL)
    return path


def pairs():
    script = os.path.join(ROOT, "scripts", "bench", "from_torch.py")
    for title, name in NETWORKS.items():
        model = os.path.join(MODELS, name + ".onnx")
        if not os.path.exists(model):
            print(f"{title}: {model} is not there (make models)\n")
            continue
        out = os.path.join(OUT, "other")
        if os.path.exists(os.path.join(PEERS, "onnx2tf")):
            yield f"{title} to TFLite", [studio(model, "tflite"), peer("onnx2tf", "onnx2tf", "-i", model, "-o", out, prepare=fresh(out))], LIMITS
        if os.path.exists(os.path.join(PEERS, "coremltools")):
            yield f"{title} to Core ML", [studio(model, "coreml"), peer(
                "coremltools", "python", script, "coremltools", source(name, "program"), os.path.join(out, "m.mlpackage"), prepare=fresh(out))], LIMITS
        if os.path.exists(os.path.join(PEERS, "pnnx")):
            traced = source(name, "trace")

            def copy(out=out, traced=traced):
                fresh(out)()
                shutil.copyfile(traced, os.path.join(out, "m.pt"))  # it writes beside the file
            yield f"{title} to ncnn", [studio(model, "ncnn"), peer(
                "pnnx", "pnnx", "m.pt", "inputshape=[1,3,224,224]", "fp16=0", folder=out, prepare=copy)], LIMITS


if __name__ == "__main__":
    print("## Whole conversions beside onnx2tf, coremltools and pnnx\n")
    machine()
    side_by_side(list(pairs()), int(sys.argv[1]) if len(sys.argv) > 1 else 3, os.path.join(OUT, "log"))
