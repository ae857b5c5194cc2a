"""peers.py ROWS [NETWORK | TARGET | studio | others]...: int8 beside the best quantizer of each runtime, on the same calibration
inputs and scored on others: onnxruntime.quantization (u8s8, min-max and percentile) on ONNX Runtime, NNCF (both presets, or
its form for transformers) on OpenVINO, AI Edge Quantizer on LiteRT, ncnn2table and ncnn2int8 on ncnn. The studio converts with
its defaults.

Each measurement is kept in ROWS as soon as it is there, under a key of model, calibration inputs, versions and options, so that
a run makes only what is new: others' once, the studio's when the studio is another. AGAIN=1 makes the asked ones again.
Others' artefacts are removed once scored, but for those that latency.py measures too; KEEP=1 keeps all, so that they can be
scored on other inputs."""
import json
import os
import shutil
import subprocess
import sys
import time

import latency
import made
from process import CACHE, ROOT, STUDIO
from subjects import SCORED_AS, calibrated, reference, subjects

TARGETS = ["onnx", "openvino", "tflite", "ncnn"]
SIDES = ["studio", "others"]
REFERENCES = os.path.join(CACHE, "scored")
OUT = os.path.join(ROOT, "out", "bench", "peers")
TIMED = {os.path.realpath(m) for m, _ in latency.NETWORKS.values()}


def slug(text):
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in text)


class Rows:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def path(self, name, target, title):
        return os.path.join(self.folder, f"{name}.{target}.{slug(title)}.json")

    def has(self, name, target, title, key):
        try:
            with open(self.path(name, target, title)) as f:
                return json.load(f)["key"] == key and not os.environ.get("AGAIN")
        except (OSError, ValueError, KeyError):
            return False

    def keep(self, name, target, title, row):
        path = self.path(name, target, title)
        row = {"network": name, "target": target, "quantizer": title, **row}
        with open(path + ".part", "w") as f:
            json.dump(row, f, indent=1)
        os.replace(path + ".part", path)
        told = row.get("error") or f"mean {row['mean']:.2f} dB, pooled {row['pooled']:.2f} dB, {row['bytes'] / 1e6:.1f} MB, {row['seconds'] or 0:.0f} s"
        print(f"{time.strftime('%H:%M:%S')} {name} {target} {title}: {told}", file=sys.stderr, flush=True)


def score(s, target, path):
    """In a process of its own: a runtime may crash on what it is given."""
    os.makedirs(REFERENCES, exist_ok=True)
    of = os.path.join(REFERENCES, f"{s.name}.{made.digest(s.model)[:16]}.{SCORED_AS}.npz")
    if not os.path.exists(of):
        reference(s, of)
    python = os.path.join(made.NCNN, "bin", "python") if target == "ncnn" else sys.executable
    printed = made.call([python, os.path.join(ROOT, "scripts", "bench", "score.py"), target, path, of])
    return json.loads(next(line for line in printed.splitlines() if line.startswith("{")))


def measure(rows, s, target, title, key, make, **more):
    """make gives path and seconds."""
    row = {"key": key, "calibration": len(os.listdir(s.folder)), **more}
    try:
        path, seconds = make()
        row |= {"bytes": made.size(path), "seconds": seconds, **score(s, target, path)}
    except made.Missing as e:
        row["error"] = str(e)
    rows.keep(s.name, target, title, row)


def others(rows, s, target):
    for q in made.quantizers(target, s.transformer):
        try:
            key = made.combined(q.key(s.model, s.folder), SCORED_AS)
        except made.Missing as e:
            print(f"{s.name} {target} {q.title}: {e}", file=sys.stderr)
            continue
        if rows.has(s.name, target, q.title, key):
            continue
        if os.environ.get("AGAIN"):
            q.forget(s.model, s.folder)
        measure(rows, s, target, q.title, key, lambda q=q: q.make(s.model, s.folder))
        if os.path.realpath(s.model) not in TIMED and not os.environ.get("KEEP"):
            q.forget(s.model, s.folder)


def ours(rows, s, target):
    key = made.combined(made.digest(STUDIO), made.digest(s.model), made.digest(s.folder), SCORED_AS)
    if rows.has(s.name, target, "studio", key):
        return
    folder = os.path.join(OUT, s.name)

    def make():
        begin = time.perf_counter()
        path = made.studio(s.model, target, folder, "--precision", "int8", "--calibrate", s.folder)
        return path, time.perf_counter() - begin

    measure(rows, s, target, "studio", key, make, build=made.digest(STUDIO)[:12], time=int(time.time()))
    shutil.rmtree(folder, ignore_errors=True)


def main():
    rows, asked = Rows(sys.argv[1]), sys.argv[2:]
    every = list(subjects())
    known = {"targets": TARGETS, "sides": SIDES, "networks": [s.name for s in every]}
    unknown = [a for a in asked if not any(a in v for v in known.values())]
    if unknown:
        sys.exit(f"unknown: {' '.join(unknown)}; known are {' '.join(n for v in known.values() for n in v)}")
    targets, sides, networks = ([a for a in v if a in asked] or v for v in known.values())
    if "ncnn" in targets and not os.path.exists(os.path.join(made.NCNN, "bin", "python")):
        print("ncnn is not compared: it has no environment (scripts/bench/peers pnnx)", file=sys.stderr)
        targets = [t for t in targets if t != "ncnn"]
    if "others" in sides:
        subprocess.run([os.path.join(ROOT, "scripts", "bench", "peers-venv")], check=True)
    for s in every:
        if s.name not in networks:
            continue
        gone = [p for p in (s.model, s.folder) if not os.path.exists(p) and not (p == s.folder and s.calibration)]
        if gone:
            print(f"{s.name}: {os.path.relpath(gone[0], ROOT)} is not there (make models; the zoo)", file=sys.stderr)
            continue
        calibrated(s)
        for target in targets:
            if "others" in sides:
                others(rows, s, target)
            if "studio" in sides:
                ours(rows, s, target)


if __name__ == "__main__":
    main()
