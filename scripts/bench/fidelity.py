"""int8 on trained models: how near the float model the artefacts stay on every runtime, beside onnxruntime.quantization's u8s8
min-max of the same calibration pictures, whether they run the fast kernels, and what that gains in time."""
import csv
import glob
import json
import os
import subprocess
import sys
import time
from statistics import median

import numpy as np
import onnx
import onnxruntime as ort
import openvino as ov
import ort_static
from ai_edge_litert.interpreter import Interpreter
from conversion import OUT
from PIL import Image
from process import CACHE, STUDIO, machine

ZOO = os.environ["STUDIO_ZOO"]


def efficientnet(path):
    """The sample's pre-processing: shortest side to 256 of 224, bicubic, centre crop, (x-127)/128."""
    im = Image.open(path).convert("RGB")
    if im.size != (224, 224):
        s = min(im.size) * 224 / 256
        x, y = (im.width - s) / 2, (im.height - s) / 2
        im = im.resize((224, 224), Image.BICUBIC, (x, y, x + s, y + s))
    return ((np.asarray(im, np.float32) - 127) / 128).transpose(2, 0, 1)[None].copy()


def cifar(path):
    x = np.fromfile(path, np.uint8).reshape(32, 32, 3).astype(np.float32) / 255
    return ((x - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])).transpose(2, 0, 1)[None].copy()


def pictures():
    with open(os.path.join(ZOO, "imagenet", "synsets_1000.txt")) as f:
        classes = {s.strip(): i for i, s in enumerate(f)}
    images = os.path.join(ZOO, "images")
    calibration = sorted(glob.glob(os.path.join(images, "imagenet-calibration-100", "*.*")))
    scoring = sorted(glob.glob(os.path.join(images, "imagenet-val-250", "*", "*")))
    yield ("EfficientNet-Lite0", os.path.join(ZOO, "imagenet", "efficientnet-lite0.onnx"), list(map(efficientnet, calibration)),
           [(efficientnet(p), classes[os.path.basename(os.path.dirname(p))]) for p in scoring])
    folder = os.path.join(images, "cifar10-200")
    with open(os.path.join(folder, "y_labels.csv")) as f:
        rows = [(cifar(os.path.join(folder, r[0].strip())), int(r[-1])) for r in csv.reader(f) if r]
    yield "ResNet-20", os.path.join(ZOO, "cifar", "resnet20_cifar10.onnx"), [x for x, _ in rows[:100]], rows[100:]


def onnx_runner(path):
    o = ort.SessionOptions()
    o.intra_op_num_threads = 1
    s = ort.InferenceSession(path, o, providers=["CPUExecutionProvider"])
    name = s.get_inputs()[0].name
    return lambda x: s.run(None, {name: x})[0]


def openvino_runner(path, **config):
    m = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1, **config})
    r = m.create_infer_request()
    run = lambda x: r.infer({0: x})[m.outputs[0]].copy()
    run.request = r
    return run


def litert_runner(path):
    i = Interpreter(model_path=path, num_threads=1)
    i.allocate_tensors()
    a, b = i.get_input_details()[0], i.get_output_details()[0]

    def run(x):
        i.set_tensor(a["index"], x if tuple(a["shape"]) == x.shape else x.transpose(0, 2, 3, 1))
        i.invoke()
        return i.get_tensor(b["index"]).copy()
    return run


def score(run, samples, want):
    got = np.stack([run(x).ravel() for x, _ in samples])
    labels = np.array([label for _, label in samples])
    noise = ((got - want) ** 2).sum()
    return {"top-1 %": 100 * np.mean(got.argmax(1) == labels), "agreement %": 100 * np.mean(got.argmax(1) == want.argmax(1)),
            "SQNR dB": 10 * np.log10((want**2).sum() / noise) if noise else float("inf")}


def latency(a, b, x):
    """Median milliseconds of both, run in turn."""
    times = [], []
    for k in range(33):
        for run, t in zip((a, b), times):
            begin = time.perf_counter()
            run(x)
            if k >= 3:
                t.append(1e3 * (time.perf_counter() - begin))
    return [median(t) for t in times]


def convert(model, out, precision, calibration):
    command = [STUDIO, "convert", model, "--to", "onnx,openvino,tflite", "--no-verify", "-o", out, "--json", "--precision", precision]
    if precision == "int8":
        command += ["--calibrate", calibration]
    p = subprocess.run(command, capture_output=True, text=True)
    if p.returncode:
        sys.exit(f"{' '.join(command)}\n{p.stdout}{p.stderr}")
    name = os.path.splitext(os.path.basename(model))[0]
    return {t: os.path.join(out, t, name + e) for t, e in (("onnx", ".onnx"), ("openvino", ".xml"), ("tflite", ".tflite"))}


def kernels(path, target, x):
    """Which kernels the convolutions run."""
    if target == "onnx":
        o, optimised = ort.SessionOptions(), os.path.join(OUT, "optimised.onnx")
        o.optimized_model_filepath, o.log_severity_level = optimised, 3
        ort.InferenceSession(path, o, providers=["CPUExecutionProvider"])
        ops = [n.op_type for n in onnx.load(optimised).graph.node]
        return f"{ops.count('QLinearConv')} QLinearConv, {ops.count('Conv') + ops.count('FusedConv')} Conv in float"
    if target == "openvino":
        run = openvino_runner(path, PERF_COUNT=True)
        run(x)
        execs = [p.exec_type for p in run.request.profiling_info if p.node_type in ("Convolution", "GroupConvolution")]
        return f"{sum(e.endswith('_I8') for e in execs)} of {len(execs)} convolutions I8"
    i = Interpreter(model_path=path, num_threads=1, experimental_preserve_all_tensors=True)
    i.allocate_tensors()
    floats = sum(d["dtype"] == np.float32 for d in i.get_tensor_details())
    return f"{floats} float tensors (inputs and outputs included)"


def main():
    print("## int8 fidelity on trained models, same calibration and scoring pictures for all\n")
    machine()
    runners = {"onnx": onnx_runner, "openvino": openvino_runner, "tflite": litert_runner}
    for name, model, calibration, samples in pictures():
        folder = os.path.join(CACHE, "calibration-" + name)
        os.makedirs(folder, exist_ok=True)
        for i, x in enumerate(calibration):
            np.save(os.path.join(folder, f"{i:03d}.npy"), x)
        source = onnx_runner(model)
        want = np.stack([source(x).ravel() for x, _ in samples])
        peer = os.path.join(OUT, "peer.onnx")
        ort_static.quantize(model, peer, folder)
        base = os.path.join(OUT, "fidelity-" + name)
        full, small = (convert(model, os.path.join(base, p), p, folder) for p in ("fp32", "int8"))
        rows = [("float model", "ONNX Runtime", score(source, samples, want), "", None),
                ("onnxruntime.quantization u8s8 min-max", "ONNX Runtime", score(onnx_runner(peer), samples, want), kernels(peer, "onnx", samples[0][0]),
                 latency(source, onnx_runner(peer), samples[0][0]))]
        for target, title in (("onnx", "ONNX Runtime"), ("openvino", "OpenVINO"), ("tflite", "LiteRT")):
            run = runners[target]
            rows.append(("studio", title, score(run(small[target]), samples, want), kernels(small[target], target, samples[0][0]),
                         latency(run(full[target]), run(small[target]), samples[0][0])))
        print(f"### {name}: {len(calibration)} pictures to calibrate, {len(samples)} to score\n")
        print("| quantizer | runtime | top-1 % | agreement % | SQNR dB | kernels | fp32 ms | int8 ms | speed-up |\n|---|---|---|---|---|---|---|---|---|")
        floor = rows[1][2]
        for quantizer, title, s, k, ms in rows:
            times = f"{ms[0]:.2f} | {ms[1]:.2f} | {ms[0] / ms[1]:.1f}x{'' if ms[0] > ms[1] else ' (does not pay)'}" if ms else " | | "
            print(f"| {quantizer} | {title} | {s['top-1 %']:.1f} | {s['agreement %']:.1f} | {s['SQNR dB']:.1f} | {k} | {times} |")
        for quantizer, title, s, _, _ in rows[2:]:
            worse = [m for m in ("agreement %", "SQNR dB") if s[m] < floor[m]]
            print(f"\n{title}: {'at least as good as onnxruntime.quantization' if not worse else 'less than onnxruntime.quantization in ' + ' and '.join(worse)}")
        print()


if __name__ == "__main__":
    main()
