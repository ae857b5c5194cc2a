"""Latency of the studio's artefacts beside those of each target's own tools, on the same runtime with one thread."""
import json
import os
import shutil
import subprocess
import sys
from statistics import median

from process import CACHE, ROOT, STUDIO

OUT = os.path.join(ROOT, "out", "bench", "latency")
MODELS = os.path.join(ROOT, ".cache", "models")
ZOO = os.environ.get("STUDIO_ZOO", os.path.join(ROOT, "..", "shared", "zoo"))
PEERS = os.environ.get("STUDIO_PEERS", os.path.join(CACHE, "peers"))
LIMIT = 1.02

NETWORKS = {  # title: (ONNX file, name in scripts/models/export.py or None)
    "MobileNetV2": (os.path.join(MODELS, "mobilenet_v2.onnx"), "mobilenet_v2"),
    "MobileNetV3": (os.path.join(MODELS, "mobilenet_v3_large.onnx"), "mobilenet_v3_large"),
    "EfficientNet-Lite0": (os.path.join(ZOO, "imagenet", "efficientnet-lite0.onnx"), None),
    "ResNet-50": (os.path.join(MODELS, "resnet50.onnx"), "resnet50"),
    "ViT-B/16": (os.path.join(MODELS, "vit_b_16.onnx"), "vit_b_16"),
}


class Missing(Exception):
    """A tool or a model that is not there."""


def call(command, **kwargs):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, **kwargs)
    if p.returncode:
        raise Missing(f"{os.path.basename(command[0])} failed: {(p.stdout.strip().splitlines() or ['?'])[-1][:160]}")
    return p.stdout


def python(peer):
    path = os.path.join(PEERS, peer, "bin", "python") if peer else sys.executable
    if not os.path.exists(path):
        raise Missing(f"{peer} is not installed (scripts/bench/peers)")
    return path


def tool(peer, name, *arguments, cwd=None):
    bin = os.path.dirname(python(peer))
    env = dict(os.environ, PATH=bin + os.pathsep + os.environ["PATH"], CI="true")
    return call([os.path.join(bin, name), *arguments], env=env, cwd=cwd)


def found(path):
    if not os.path.exists(path):
        raise Missing(f"{os.path.basename(path)} was not written")
    return path


def studio(model, target, *options):
    d = os.path.join(OUT, "studio" + "".join(options))
    shutil.rmtree(d, ignore_errors=True)
    call([STUDIO, "convert", model, "--to", target, "--no-verify", "-o", d, *options])
    d = os.path.join(d, target)
    main = {"onnx": ".onnx", "openvino": ".xml", "tflite": ".tflite", "ncnn": ".param"}[target]
    return os.path.join(d, next(f for f in os.listdir(d) if f.endswith(main)))


def peer_dir(name):
    d = os.path.join(OUT, name)
    os.makedirs(d, exist_ok=True)
    return d


def onnx2tf(model, _):
    d = peer_dir("onnx2tf")
    tool("onnx2tf", "onnx2tf", "-i", model, "-o", d)
    return found(os.path.join(d, os.path.basename(model).removesuffix(".onnx") + "_float32.tflite"))


def litert_torch(_, name):
    if not name:
        raise Missing("litert-torch takes PyTorch models, and this is none")
    path = os.path.join(peer_dir("litert-torch"), name + ".tflite")
    call([python("litert-torch"), os.path.join(ROOT, "scripts", "bench", "from_torch.py"), "litert-torch", name, path])
    return found(path)


def ovc(model, _):
    path = os.path.join(peer_dir("ovc"), "model.xml")
    tool(None, "ovc", model, "--output_model", path, "--compress_to_fp16=False")
    return found(path)


def onnxsim(model, _):
    path = os.path.join(peer_dir("onnxsim"), "model.onnx")
    tool(None, "onnxsim", model, path)
    return found(path)


def pnnx(model, _):
    d = peer_dir("pnnx")
    copy = os.path.join(d, "model.onnx")
    shutil.copyfile(model, copy)  # it writes beside the file
    tool("pnnx", "pnnx", copy, "inputshape=[1,3,224,224]", "fp16=0", cwd=d)
    return found(os.path.join(d, "model.ncnn.param"))


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


def compare(title, target, seconds, rows):
    model, name = NETWORKS[title]
    runtime, env, peers = SIDES[target]
    if not os.path.exists(model):
        return print(f"| {title} | {target} | | | | {os.path.basename(model)} is not there (make models) | |")
    for peer, make, options in peers:
        try:
            theirs = make(model, name)
            ours = studio(model, target, *options)
            # What is loaded first may lie better or worse in memory: each is once.
            r, s = stopwatch(runtime, env, seconds / 2, ours, theirs), stopwatch(runtime, env, seconds / 2, theirs, ours)
            for key in ("times", "cpu"):
                r[key] = [r[key][0] + s[key][1], r[key][1] + s[key][0]]
        except Missing as e:
            print(f"| {title} | {target} | {peer} | | | {e} | |", flush=True)
            continue
        a, b = r["times"]
        ratio = median(x / y for x, y in zip(*r["cpu"]))
        wall = median(x / y for x, y in zip(a, b))
        parts = [n.get("partitions") for n in r["notes"]]
        note = f"XNNPACK partitions {parts[0]} : {parts[1]}" if parts[0] is not None else ""
        rows.append((title, target, peer, ratio, median(b)))
        print(f"| {title} | {target} | {peer} | {median(a) * 1e3:.2f} | {median(b) * 1e3:.2f} | **{ratio:.3f}** "
              f"({wall:.3f}) | {note} |", flush=True)
        print(f"  {title} {target} {peer}: {ratio:.3f}", file=sys.stderr)


if __name__ == "__main__":
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    wanted = sys.argv[2:]
    print("## Latency of the artefacts, fp32, batch 1, one thread\n\nBoth artefacts in one process, call by call in turn, each first "
          f"as often as the other, and loaded first in one of two runs, so that what else the machine does ({os.getloadavg()[0]:.1f} other programs run at the start) "
          "meets both alike. The ratio is the median over the pairs of calls, of the processor's time, which does not count "
          "what others take; in brackets that of the clock's.\n")
    print("| network | target | beside | studio ms | other ms | ratio | |\n|---|---|---|---|---|---|---|")
    rows = []
    for title in NETWORKS:
        for target in SIDES:
            if not wanted or title in wanted or target in wanted:
                compare(title, target, 3 * rounds, rows)
    print()
    best = {}
    for title, target, peer, ratio, ms in rows:  # the better of two tools is the one to beat
        if (title, target) not in best or best[title, target][0] < ratio:
            best[title, target] = ratio, peer
    missed = [f"{t} {k} ({r:.3f} of {p}'s)" for (t, k), (r, p) in best.items() if r > LIMIT]
    print(f"Aim: {LIMIT} of the better other tool's: {'met by all' if not missed else 'missed by ' + ', '.join(missed)}.\n")
