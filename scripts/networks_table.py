"""networks_table.py ROWS TABLE: the rows that TestNetworks left, as one table a person can read."""
import glob
import json
import os
import sys

TARGETS = ["onnx", "openvino", "tflite", "coreml", "tensorrt", "ncnn"]
PRECISIONS = ["fp32", "fp16", "int8"]
RUNTIMES = {"onnx": "ONNX Runtime", "openvino": "OpenVINO", "tflite": "LiteRT", "coreml": "reference arithmetic, from the read-back program",
            "tensorrt": "ONNX Runtime's CPU", "ncnn": "ncnn's Python package"}


def figure(r):
    if r["Verdict"] == "refused":
        return "refused"
    sign = "" if r["Verdict"] == "match" else r["Verdict"] + " "
    if r["Precision"] == "int8" and r.get("SQNR") is not None:
        return f"{sign}{r['SQNR']:.1f} dB, {r['Bytes'] / 1e6:.1f} MB, {r['Convert']:.0f} s"
    star = "*" if r.get("Sensitive") else ""
    return f"{sign}{r['Relative']:.0e}{star}, {r['Bytes'] / 1e6:.1f} MB, {r['Convert']:.1f} s"


def main(folder, table):
    rows = []
    for path in glob.glob(os.path.join(folder, "*.json")):
        with open(path) as f:
            rows.append(json.load(f))
    of = {(r["Network"], r["Target"], r["Precision"]): r for r in rows}
    names = sorted({r["Network"] for r in rows}, key=lambda n: (n.startswith("light_"), n))
    verdicts = {p: {v: sum(r["Precision"] == p and r["Verdict"] == v for r in rows) for v in ("match", "drift", "mismatch", "refused", "not-run")} for p in PRECISIONS}
    out = ["# Networks on every target", "",
           "Written by `make networks`: exported networks with seeded random weights (`make models`; `.script` is the older exporter's form",
           "of the same network), the classic networks of the package onnx (`light_`, random weights) and the trained models of the zoo. Each",
           "artefact ran on " + "; ".join(f"{t}: {RUNTIMES[t]}" for t in TARGETS) + ".", "",
           "A float cell: largest error over the output's range, size, seconds to convert (busy two-core machine, without verification);",
           "`*`: rounding the source's weights alone does the same. An int8 cell: the worst sample's signal to quantization noise. Core ML's int8",
           "is of weights alone: its column is what rounding them does to a network, before any activation is rounded. TensorRT's has zero",
           "points of 0, which leaves one of eight bits unused behind a Relu. ncnn's is of convolutions and products of matrices.",
           "A cell is a match unless it says otherwise.", ""]
    for p in PRECISIONS:
        out.append(f"{p}: " + ", ".join(f"{n} {v}" for v, n in verdicts[p].items() if n) + "  ")
    for p in PRECISIONS:
        targets = [t for t in TARGETS if any(r["Target"] == t and r["Precision"] == p for r in rows)]
        out += ["", f"## {p}", "", "| network | " + " | ".join(targets) + " |", "|---|" + "---|" * len(targets)]
        for n in names:
            cells = [of.get((n, t, p)) for t in targets]
            if any(cells):
                out.append(f"| {n} | " + " | ".join(figure(c) if c else "" for c in cells) + " |")
    notes = [r for r in rows if r["Verdict"] != "match"]
    if notes:
        out += ["", "## What is no match, and why", ""]
        for r in sorted(notes, key=lambda r: (r["Network"], r["Target"], r["Precision"])):
            why = "; ".join(r.get("Reasons") or []) if r["Verdict"] == "refused" else r["Why"]
            out.append(f"- {r['Network']}, {r['Target']}, {r['Precision']}: {r['Verdict']}: {why}")
    with open(table, "w") as f:
        f.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
