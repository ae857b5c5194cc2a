"""Conversion to OpenVINO beside ovc, simplification to ONNX beside onnxsim."""
import os
import shutil
import sys

from process import BIN, CACHE, ROOT, STUDIO, machine, side_by_side

OUT = os.path.join(ROOT, "out", "bench")


def fresh(path):
    def prepare():
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
    return prepare


def studio(model, target, *options):
    d = os.path.join(OUT, "studio")
    return [STUDIO, "convert", model, "--to", target, "--no-verify", "-o", d, *options], fresh(d)


def peer(tool, *arguments):
    return [os.path.join(BIN, tool), *arguments], fresh(os.path.join(OUT, "peer"))


def ovc(model, made, *options):
    """As installed, and without the report of its use that it sends over the network (it looks at CI for that)."""
    command, prepare = peer("ovc", model, "--output_model", made, *options)
    return ("ovc", command, prepare), ("ovc, telemetry off", ["env", "CI=true", *command], prepare)


if __name__ == "__main__":
    pairs = []
    for name in ("resnet50", "mobilenet_v2"):
        model, made = os.path.join(CACHE, name + ".onnx"), os.path.join(OUT, "peer", name)
        pairs += [
            (f"{name} to OpenVINO, fp32", [("studio", *studio(model, "openvino")),
                                           *ovc(model, made, "--compress_to_fp16=False")], (0.2, 0.5)),
            (f"{name} to OpenVINO, fp16", [("studio", *studio(model, "openvino", "--precision", "fp16")),
                                           *ovc(model, made)], (0.2, 0.5)),
            (f"{name} simplified", [("studio", *studio(model, "onnx")), ("onnxsim", *peer("onnxsim", model, made + ".onnx"))], (0.2, 0.5)),
        ]
    print("## Conversion, whole processes\n")
    machine()
    side_by_side(pairs, int(sys.argv[1]), os.path.join(OUT, "log"))
