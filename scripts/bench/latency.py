"""Latency of the studio's artefacts beside those of each target's own tools, on the same runtime with one thread: in float, and in int8
beside each runtime's own quantizer on the same calibration inputs. What the other tools make of a model is kept in
.cache/bench and made again only when the model is another."""
import glob
import json
import os
import shutil
import subprocess
import sys
from statistics import median

import made
from made import Missing, call, found
from process import CACHE, ROOT

OUT = os.path.join(ROOT, "out", "bench", "latency")
MODELS = os.path.join(ROOT, ".cache", "models")
ZOO = os.environ.get("STUDIO_ZOO", os.path.join(ROOT, "..", "shared", "zoo"))
PEERS = os.environ.get("STUDIO_PEERS", os.path.join(CACHE, "peers"))
KEPT = os.path.join(CACHE, "latency")
LIMITS = {"float": 1.02, "int8": 1.0}

NETWORKS = {  # title: (ONNX file, name in scripts/models/export.py or None)
    "MobileNetV2": (os.path.join(MODELS, "mobilenet_v2.onnx"), "mobilenet_v2"),
    "MobileNetV3": (os.path.join(MODELS, "mobilenet_v3_large.onnx"), "mobilenet_v3_large"),
    "EfficientNet-Lite0": (os.path.join(ZOO, "imagenet", "efficientnet-lite0.onnx"), None),
    "ResNet-50": (os.path.join(MODELS, "resnet50.onnx"), "resnet50"),
    "ViT-B/16": (os.path.join(MODELS, "vit_b_16.onnx"), "vit_b_16"),
}


def python(peer):
    path = os.path.join(PEERS, peer, "bin", "python") if peer else sys.executable
    if not os.path.exists(path):
        raise Missing(f"{peer} is not installed (scripts/bench/peers)")
    return path


def tool(peer, name, *arguments, cwd=None):
    bin = os.path.dirname(python(peer))
    env = dict(os.environ, PATH=bin + os.pathsep + os.environ["PATH"], CI="true")
    return call([os.path.join(bin, name), *arguments], env=env, cwd=cwd)


def studio(kind, model, target, *options):
    return made.studio(model, target, os.path.join(OUT, "studio-" + kind), *options)


def onnx2tf(model, _, d):
    tool("onnx2tf", "onnx2tf", "-i", model, "-o", d)
    return found(os.path.join(d, os.path.basename(model).removesuffix(".onnx") + "_float32.tflite"))


def litert_torch(_, name, d):
    if not name:
        raise Missing("litert-torch takes PyTorch models, and this is none")
    path = os.path.join(d, name + ".tflite")
    call([python("litert-torch"), os.path.join(ROOT, "scripts", "bench", "from_torch.py"), "litert-torch", name, path])
    return found(path)


def ovc(model, _, d):
    path = os.path.join(d, "model.xml")
    tool(None, "ovc", model, "--output_model", path, "--compress_to_fp16=False")
    return found(path)


def onnxsim(model, _, d):
    path = os.path.join(d, "model.onnx")
    tool(None, "onnxsim", model, path)
    return found(path)


def pnnx(model, _, d):
    copy = os.path.join(d, "model.onnx")
    shutil.copyfile(model, copy)  # it writes beside the file
    tool("pnnx", "pnnx", copy, "inputshape=[1,3,224,224]", "fp16=0", cwd=d)
    os.remove(copy)
    return found(os.path.join(d, "model.ncnn.param"))


RUNTIMES = {"onnx": "onnxruntime", "openvino": "openvino", "tflite": "litert"}  # of the targets that have int8 of others


def calibration(title):
    """A folder of calibration inputs: trained networks get pictures, the others what `make models` wrote."""
    name = NETWORKS[title][1]
    folder = os.path.join(MODELS, "calibration", name) if name else os.path.join(CACHE, "calibration-" + title)
    if not name and not glob.glob(os.path.join(folder, "*.npy")):
        import numpy as np
        from fidelity import pictures

        os.makedirs(folder, exist_ok=True)
        for i, x in enumerate(next(inputs for n, _, inputs, _ in pictures() if n == title)):
            np.save(os.path.join(folder, f"{i:03d}.npy"), x)
    if not os.path.isdir(folder):
        raise Missing("no calibration inputs (make models)")
    return folder


# target: (runtime, environment that has it, [(tool, what makes its artefact, the studio's options for the same interface)])
SIDES = {
    "tflite": ("litert", None, [("onnx2tf", onnx2tf, ("--layout", "nhwc")), ("litert-torch", litert_torch, ())]),
    "openvino": ("openvino", None, [("ovc", ovc, ())]),
    "onnx": ("onnxruntime", None, [("onnxsim", onnxsim, ())]),
    "ncnn": ("ncnn", "pnnx", [("pnnx", pnnx, ())]),
}


def stopwatch(runtime, env, seconds, ours, theirs):
    command = [python(env), os.path.join(ROOT, "scripts", "bench", "stopwatch.py"), runtime, str(seconds), ours, theirs]
    if runtime == "ncnn":
        command.append("3x224x224")
    p = subprocess.run(command, capture_output=True, text=True)
    if p.returncode:
        raise Missing(f"{runtime}: {(p.stderr.strip().splitlines() or ['?'])[-1][:160]}")
    return json.loads(p.stdout[p.stdout.index("{"):])


def row(title, kind, target, peer, runtime, env, seconds, ours, theirs, rows):
    """Times both, each loaded first once: what is loaded first may lie better or worse in memory."""
    r, s = stopwatch(runtime, env, seconds / 2, ours, theirs), stopwatch(runtime, env, seconds / 2, theirs, ours)
    for key in ("times", "cpu"):
        r[key] = [r[key][0] + s[key][1], r[key][1] + s[key][0]]
    a, b = r["times"]
    ratio = median(x / y for x, y in zip(*r["cpu"]))
    wall = median(x / y for x, y in zip(a, b))
    parts = [n.get("partitions") for n in r["notes"]]
    note = f"{len(a)} pairs" + (f", XNNPACK partitions {parts[0]} : {parts[1]}" if parts[0] is not None else "")
    rows.append((title, kind, target, peer, ratio))
    print(f"| {title} | {kind} | {target} | {peer} | {median(a) * 1e3:.2f} | {median(b) * 1e3:.2f} | **{ratio:.3f}** "
          f"({wall:.3f}) | {note} |", flush=True)
    print(f"  {title} {kind} {target} {peer}: {ratio:.3f}", file=sys.stderr)


def missing(title, kind, target, peer, why):
    print(f"| {title} | {kind} | {target} | {peer} | | | {why} | |", flush=True)


def in_float(title, target, seconds, rows):
    model, name = NETWORKS[title]
    runtime, env, peers = SIDES[target]
    for peer, make, options in peers:
        try:
            folder = os.path.join(KEPT, title.replace("/", "-"), peer)
            theirs, _ = made.kept(folder, made.digest(model), lambda d: make(model, name, d))
            row(title, "float", target, peer, runtime, env, seconds, studio("float", model, target, *options), theirs, rows)
        except Missing as e:
            missing(title, "float", target, peer, e)


def in_int8(title, target, seconds, rows):
    model, _ = NETWORKS[title]
    peer = made.quantizers(target, title.startswith("ViT"))[0]
    try:
        theirs, _ = peer.make(model, calibration(title))
        ours = studio("int8", model, target, "--precision", "int8", "--calibrate", calibration(title))
        row(title, "int8", target, peer.title, RUNTIMES[target], None, seconds, ours, theirs, rows)
    except Missing as e:
        missing(title, "int8", target, peer.title, e)


def compare(title, targets, kinds, rounds, rows):
    if not os.path.exists(NETWORKS[title][0]):
        return missing(title, "", "", "", f"{os.path.basename(NETWORKS[title][0])} is not there (make models)")
    seconds = rounds * (4 if title.startswith("ViT") else 2)
    for kind, sides, run in (("float", SIDES, in_float), ("int8", RUNTIMES, in_int8)):
        for target in sides:
            if kind in kinds and target in targets:
                run(title, target, seconds, rows)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    known = {"networks": list(NETWORKS), "targets": list(SIDES), "kinds": list(LIMITS)}
    asked = {k: [a for a in sys.argv[2:] if a in v] or v for k, v in known.items()}
    print("## Latency of the artefacts, batch 1, one thread\n\nBoth artefacts in one process, call by call in turn, each first "
          f"as often as the other, and loaded first in one of two runs, so that what else the machine does ({os.getloadavg()[0]:.1f} other programs run at the start) "
          "meets both alike. The ratio is the median over the pairs of calls, of the processor's time, which does not count "
          "what others take; in brackets that of the clock's.\n")
    print("| network | | target | beside | studio ms | other ms | ratio | |\n|---|---|---|---|---|---|---|---|")
    rows = []
    for title in asked["networks"]:
        compare(title, asked["targets"], asked["kinds"], rounds, rows)
    print()
    best = {}
    for title, kind, target, peer, ratio in rows:  # the better of two tools is the one to beat
        if (title, kind, target) not in best or best[title, kind, target][0] < ratio:
            best[title, kind, target] = ratio, peer
    for kind, limit in LIMITS.items():
        of = {k: v for k, v in best.items() if k[1] == kind}
        missed = [f"{t} {k} ({r:.3f} of {p}'s)" for (t, _, k), (r, p) in of.items() if round(r, 2) > limit]
        if of:
            print(f"Aim in {kind}: {limit:.2f} of the better other tool's, to the hundredth that repeated runs agree in: "
                  f"{f'met by all {len(of)}' if not missed else f'met by {len(of) - len(missed)} of {len(of)}, missed by ' + ', '.join(missed)}.\n")


if __name__ == "__main__":
    main()
