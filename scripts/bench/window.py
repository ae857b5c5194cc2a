"""The window under Xvfb, drawn by software: from `studio FILE` to the drawn graph, and frames while the view moves."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from statistics import median

from process import CACHE, ROOT, machine

STUDIO = os.path.join(ROOT, "bin", "studio")
PATIENCE = 120  # seconds for one run


def shown(model, display, wanted, trace):
    """Opens a model in a window of its own and returns what the trace says in the line that begins with wanted."""
    home = tempfile.mkdtemp(prefix="studio-bench-")
    env = dict(os.environ, DISPLAY=display, STUDIO_TRACE=trace, HOME=home, LANG="C.UTF-8",
               XDG_CACHE_HOME=os.path.join(home, "cache"), XDG_CONFIG_HOME=os.path.join(home, "config"), XDG_DATA_HOME=os.path.join(home, "data"))
    p = subprocess.Popen([STUDIO, model], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    limit = threading.Timer(PATIENCE, p.kill)
    limit.start()
    try:
        for line in p.stderr:
            if line.startswith(wanted + " "):
                return line.split()[1:]
        raise SystemExit(f"{model}: the window ended without a line {wanted!r}")
    finally:
        limit.cancel()
        p.terminate()
        p.wait()
        shutil.rmtree(home, ignore_errors=True)


def xvfb():
    """Starts a display on a free number."""
    r, w = os.pipe()
    p = subprocess.Popen(["Xvfb", "-displayfd", str(w), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"], pass_fds=[w], stderr=subprocess.DEVNULL)
    os.close(w)
    with os.fdopen(r) as f:
        number = re.match(r"\d+", f.readline())
    if not number:
        raise SystemExit("Xvfb did not start")
    return p, ":" + number.group()


if __name__ == "__main__":
    rounds = int(sys.argv[1])
    print("## The window, drawn by software\n")
    machine()
    server, display = xvfb()
    try:
        print("| | s to the drawn graph (least to most) | aim | Netron, as measured once |\n|---|---|---|---|")
        for name, aim, netron in (("resnet50", 2, 2.2), ("vit_b_16", 2, 6.5), ("chain10000", 3, 11.4)):
            model = os.path.join(CACHE, name + ".onnx")
            t = [float(shown(model, display, "drawn", "1")[-1]) for _ in range(rounds)]
            print(f"| {name} | {median(t):.2f} ({min(t):.2f} to {max(t):.2f}) | under {aim}: {'met' if median(t) < aim else 'missed'} | {netron} |", flush=True)
        print("\n| | frames | ms between frames: median | 95th percentile | aim |\n|---|---|---|---|---|")
        runs = [shown(os.path.join(CACHE, "chain2000.onnx"), display, "frames", "frames") for _ in range(rounds)]
        n, mid, tail = (median(float(r[i]) for r in runs) for i in range(3))
        print(f"| 2,000 layers, all in sight, panned and zoomed | {n:.0f} | {mid:.1f} | {tail:.1f} | under 33: {'met' if tail < 33 else 'missed'} |\n")
    finally:
        server.terminate()
        server.wait()
