"""peers_table.py ROWS TABLE: the rows that peers.py left, as tables a person can read and a count of who keeps more."""
import glob
import json
import os
import sys

from peers import TARGETS
from subjects import subjects

RUNTIMES = {"onnx": "ONNX Runtime", "openvino": "OpenVINO", "tflite": "LiteRT", "ncnn": "ncnn"}
TIE = 0.05  # dB
MEASURES = ("mean", "pooled")
SHORT = (("onnxruntime.quantization u8s8, ", ""), ("NNCF ", ""), ("AI Edge Quantizer", ""), ("ncnn2table ", ""))


def short(title):
    for long, s in SHORT:
        title = title.replace(long, s)
    return title


def verdict(ours, others):
    """What the table says, and how many dB the studio has more in the measure where it has least more."""
    if not ours or "error" in ours:
        return "studio failed" if ours else "not measured", None
    if not others:
        return "no other", None
    least = min(ours[m] - max(o[m] for o in others) for m in MEASURES)
    if least < -TIE:
        return f"**less by {-least:.2f}**", least
    return ("tie" if least <= TIE else "more"), least


def line(name, ours, others):
    done = [o for o in others if "error" not in o]
    said, least = verdict(ours, done)
    cells = [name]
    have = ours and "error" not in ours
    for m in MEASURES:
        best = max(done, key=lambda o: o[m], default=None)
        theirs = f"{best[m]:.2f} {short(best['quantizer'])}".strip() if best else ""
        cells += [f"{ours[m]:.2f}" if have else "", theirs]
    cells.append(said)
    best = max(done, key=lambda o: o["mean"], default=None)
    for figure in (lambda r: f"{r['bytes'] / 1e6:.1f}", lambda r: f"{r['seconds']:.0f}" if r["seconds"] else "–"):
        cells.append(" : ".join(figure(r) if r and "error" not in r else "–" for r in (ours, best)))
    return "| " + " | ".join(cells) + " |", said, least


def inputs(rows):
    """How many inputs calibrate and score, of each network."""
    of = {}
    for r in rows:
        if "scored" in r:
            of.setdefault((r["calibration"], r["scored"]), {})[r["network"]] = 1
    common = max(of, key=lambda k: len(of[k]), default=None)
    special = "; ".join(f"{', '.join(names)} {c} and {n}" for (c, n), names in of.items() if (c, n) != common)
    return f"{common[0]} inputs calibrate and {common[1]} others are scored" + (f" ({special})" if special else "") if common else ""


def main(folder, table):
    rows = []
    for path in glob.glob(os.path.join(folder, "*.json")):
        with open(path) as f:
            rows.append(json.load(f))
    names = [s.name for s in subjects()]
    rows.sort(key=lambda r: (names.index(r["network"]) if r["network"] in names else len(names), r["target"], r["quantizer"]))
    seen = list(dict.fromkeys(r["network"] for r in rows))
    out = ["# int8 beside the best quantizer of each runtime", "",
           "Written by `make quantization`: onnxruntime.quantization (u8s8 QDQ, per channel; minimum and maximum, and percentiles) on",
           "ONNX Runtime, NNCF (the presets performance and mixed, or its form for transformers) on OpenVINO, AI Edge Quantizer (static",
           "int8 of the studio's float file) on LiteRT, ncnn2table (kl and aciq) and ncnn2int8, of the same, on ncnn, and the studio's",
           "default on each, all on the same calibration inputs. Networks as in `docs/NETWORKS.md`: exported ones and those of the",
           "package onnx (`light_`) have seeded random weights and made-up pictures;",
           "mnist, ResNet-20, squeezenet_fp16, EfficientNet-Lite0 and yolox_nano are trained and see what they were made for.", "",
           inputs(rows) + ".", "",
           "Figures are the signal to quantization noise ratio in dB against the source run in float on ONNX Runtime,",
           "mean of the inputs' and pooled over all (several outputs: the mean of theirs); beside the studio's the best of the other",
           f"tools', which may be one in the mean and another pooled. The studio has *more* where both are at least as much, *tie*: the smaller",
           f"lead is within {TIE} dB. MB and seconds are studio : other (the best in the mean), seconds of the whole process on a busy two-core machine.", ""]
    counts, lines, failures = [], [], []
    for target in TARGETS:
        table_of, verdicts, leads, by = [], {}, [], {m: 0 for m in MEASURES}
        for n in seen:
            mine = [r for r in rows if r["network"] == n and r["target"] == target]
            ours = next((r for r in mine if r["quantizer"] == "studio"), None)
            # What was scored on other inputs says nothing beside the studio's.
            others = [r for r in mine if r["quantizer"] != "studio" and (not ours or "error" in r or r["scored"] == ours.get("scored", r["scored"]))]
            if not mine:
                continue
            text, said, least = line(n, ours, others)
            table_of.append(text)
            kind = said.strip("*").split(" by ")[0]
            verdicts.setdefault(kind, []).append(n + (f" ({-least:.2f} dB)" if kind == "less" else ""))
            leads += [least] if least is not None else []
            if least is not None:
                for m in MEASURES:
                    by[m] += ours[m] >= max(o[m] for o in others if "error" not in o) - TIE
            failures += [f"- {n}, {target}, {r['quantizer']}: {r['error']}" for r in mine if "error" in r]
        if not table_of:
            continue
        compared = sum(len(verdicts.get(k, [])) for k in ("more", "tie", "less"))
        told = f"- {RUNTIMES[target]}: of {compared} compared, more in {len(verdicts.get('more', []))}, tie in {len(verdicts.get('tie', []))}, less in {len(verdicts.get('less', []))} (at least as much by the mean alone in {by['mean']}, pooled in {by['pooled']})"
        for k in ("less", "tie", "no other", "studio failed", "not measured"):
            if k in verdicts:
                told += f"; {k}: {', '.join(verdicts[k])}"
        counts.append(told + (f"; median of the smaller lead {sorted(leads)[len(leads) // 2]:.2f} dB" if leads else ""))
        lines += [f"## {RUNTIMES[target]}", "",
                  "| network | mean: studio | best other | pooled: studio | best other | studio has | MB | seconds |", "|---|---|---|---|---|---|---|---|",
                  *table_of, ""]
    ours = [r for r in rows if "build" in r]
    newest = {t: max((r for r in ours if r["target"] == t), key=lambda r: r["time"], default={}).get("build") for t in TARGETS}
    older = list(dict.fromkeys(f"{r['network']} on {RUNTIMES[r['target']]}" for r in ours if r["build"] != newest[r["target"]]))
    if older:
        counts += ["", f"Of the studio's {len(ours)} figures {len(older)} are of another build than the one measured last on their runtime: {', '.join(older)}."]
    there = {(r["network"], r["target"]) for r in rows}
    left = {n: [RUNTIMES[t] for t in TARGETS if (n, t) not in there] for n in names}
    out += [*lines, "## Count", "", *counts]
    if any(left.values()):
        out += ["", "Not measured yet: " + ", ".join(n if len(t) == len(TARGETS) else f"{n} on {' and '.join(t)}" for n, t in left.items() if t) + "."]
    if failures:
        out += ["", "## What failed", "", *failures]
    with open(table, "w") as f:
        f.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
