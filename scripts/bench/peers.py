"""int8 beside the best quantizer of each runtime, on the same calibration inputs and scored on others: onnxruntime.quantization
(u8s8, min-max and percentile) on ONNX Runtime, NNCF (both presets) on OpenVINO, AI Edge Quantizer on LiteRT. Signal to
quantization noise against the float model, mean of the scored inputs' and of all pooled (which one input with large outputs
can decide alone), and processor time of both files, call by call in turn on one thread.

The peers run in environments of their own (scripts/bench/peers-venv). The random networks come from `make models`."""
import os
import subprocess
import sys
import time
from statistics import median

import numpy as np
from conversion import OUT
from fidelity import convert, litert_runner, onnx_runner, openvino_runner, pictures
from process import CACHE, ROOT, machine

sys.path.insert(0, os.path.join(ROOT, "scripts", "models"))
from pictures import pictures as made_up  # noqa: E402

MODELS = os.path.join(ROOT, ".cache", "models")
NNCF = os.environ.get("STUDIO_NNCF_VENV", os.path.join(ROOT, ".cache", "venv-nncf"))
AIEQ = os.environ.get("STUDIO_AIEQ_VENV", os.path.join(ROOT, ".cache", "venv-aieq"))
SCORED = 32


def networks():
    """Name, model, folder of calibration inputs, inputs to score, kind."""
    for name, model, calibration, samples in pictures():
        folder = os.path.join(CACHE, "calibration-" + name)
        os.makedirs(folder, exist_ok=True)
        for i, x in enumerate(calibration):
            np.save(os.path.join(folder, f"{i:03d}.npy"), x)
        yield name, model, folder, [x for x, _ in samples[:: max(1, len(samples) // 100)]], ""
    for name, kind in (("mobilenet_v2", ""), ("mobilenet_v3_large", ""), ("resnet50", ""), ("vit_b_16", "transformer")):
        model = os.path.join(MODELS, name + ".onnx")
        if os.path.exists(model):
            yield name, model, os.path.join(MODELS, "calibration", name), list(made_up(SCORED, 224, 9000)[:, None]), kind


def run(python, script, *args):
    p = subprocess.run([python, os.path.join(ROOT, "scripts", "bench", script), *args], capture_output=True, text=True)
    if p.returncode:
        return (p.stderr.strip().splitlines() or [f"it ended with {p.returncode}"])[-1][:200]


def peers(target, model, float_tflite, folder, kind, base):
    """Title, file or None, why not."""
    if target == "onnx":
        for method in ("minmax", "percentile"):
            path = os.path.join(base, f"ort-{method}.onnx")
            yield f"onnxruntime.quantization u8s8 {method}", path, run(sys.executable, "ort_static.py", model, path, folder, method)
    elif target == "openvino":
        for preset in ("performance", "mixed"):
            path = os.path.join(base, f"nncf-{preset}.xml")
            yield f"NNCF {preset}", path, run(os.path.join(NNCF, "bin", "python"), "peer_nncf.py", model, path, folder, preset, kind or "plain")
    else:
        path = os.path.join(base, "aieq.tflite")
        yield "AI Edge Quantizer", path, run(os.path.join(AIEQ, "bin", "python"), "peer_aieq.py", float_tflite, path, folder)


def fidelity(runner, samples, want):
    """SQNR in dB, mean of the inputs' and pooled, and the share of equal first classes in percent."""
    got = np.stack([runner(x).ravel() for x in samples])
    noise, signal = ((got - want) ** 2).sum(1), (want**2).sum(1)
    return (10 * np.log10(signal / noise)).mean(), 10 * np.log10(signal.sum() / noise.sum()), 100 * np.mean(got.argmax(1) == want.argmax(1))


def processor(theirs, ours, x):
    """Median milliseconds of processor time of both, and of the pairs' ratios; each goes first as often."""
    taken = [], []
    for k in range(43):
        for i in (0, 1) if k % 2 else (1, 0):
            begin = time.process_time()
            (theirs, ours)[i](x)
            if k >= 3:
                taken[i].append(1e3 * (time.process_time() - begin))
    return median(taken[0]), median(taken[1]), median(b / a for a, b in zip(*taken))


def main():
    subprocess.run([os.path.join(ROOT, "scripts", "bench", "peers-venv")], check=True)
    print("## int8 beside the best quantizer of each runtime\n")
    machine()
    only = os.environ.get("NETWORKS", "").split()
    runners = {"onnx": onnx_runner, "openvino": openvino_runner, "tflite": litert_runner}
    for name, model, folder, samples, kind in networks():
        if only and name not in only:
            continue
        source = onnx_runner(model)
        want = np.stack([source(x).ravel() for x in samples])
        base = os.path.join(OUT, "peers-" + name)
        full, small = (convert(model, os.path.join(base, p), p, folder) for p in ("fp32", "int8"))
        print(f"### {name}: {len(os.listdir(folder))} inputs to calibrate, {len(samples)} to score\n")
        print("| runtime | quantizer | SQNR dB | pooled | agreement % | ms | studio's ms | ratio |\n|---|---|---|---|---|---|---|---|")
        for target, runner in runners.items():
            ours = runner(small[target])
            mine = fidelity(ours, samples, want)
            best, pooled, ratios = -np.inf, -np.inf, []
            for title, path, why in peers(target, model, full["tflite"], folder, kind, base):
                if why:
                    print(f"| {target} | {title} | failed: {why} | | | | | |")
                    continue
                theirs = runner(path)
                score = fidelity(theirs, samples, want)
                ms = processor(theirs, ours, samples[0])
                print(f"| {target} | {title} | {score[0]:.2f} | {score[1]:.2f} | {score[2]:.1f} | {ms[0]:.2f} | {ms[1]:.2f} | {ms[2]:.2f} |", flush=True)
                best, pooled = max(best, score[0]), max(pooled, score[1])
                ratios.append(ms[2])
            less = lambda a, b: "" if a >= b else " (less than the best peer)"
            print(f"| {target} | studio | {mine[0]:.2f}{less(mine[0], best)} | {mine[1]:.2f}{less(mine[1], pooled)} | {mine[2]:.1f} | | | {max(ratios, default=0):.2f} |", flush=True)
        print()


if __name__ == "__main__":
    main()
