"""Runs a command and measures it from outside: wall time, processor time and memory of all its processes together."""
import os
import resource
import subprocess
import sys
import threading
import time
from statistics import median

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(ROOT, ".cache", "bench")
STUDIO = os.environ.get("STUDIO_HEADLESS", os.path.join(ROOT, "bin", "studio-headless"))
BIN = os.path.dirname(sys.executable)


def _children(pid):
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as f:
                for child in map(int, f.read().split()):
                    yield child
                    yield from _children(child)
    except OSError:
        return


def _memory(pid):
    """What a process holds, pages that it shares counted in parts (PSS), so that a sum over processes is true."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def measure(command, log, together):
    """Returns (wall s, processor s, peak memory). That is the kernel's own peak for the largest process and, where asked
    for together, at least the largest sum seen of what all processes hold at one time."""
    peak, stop = [0], threading.Event()
    with open(log, "wb") as out:
        begin = time.perf_counter()
        p = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

        def watch():
            while not stop.wait(0.003):
                peak[0] = max(peak[0], _memory(p.pid) + sum(map(_memory, _children(p.pid))))

        watcher = threading.Thread(target=watch)
        if together:
            watcher.start()
        _, status, usage = os.wait4(p.pid, 0)
        wall = time.perf_counter() - begin
        p.returncode = os.waitstatus_to_exitcode(status)
        stop.set()
        if together:
            watcher.join()
    if p.returncode != 0:
        with open(log, errors="replace") as f:
            sys.exit(f"{' '.join(command)}\nended with {p.returncode}:\n{f.read()[-3000:]}")
    largest = usage.ru_maxrss * 1024
    return wall, usage.ru_utime + usage.ru_stime, max(peak[0], largest)


def ours_name(commands):
    return commands[0][0]


def side_by_side(pairs, rounds, log):
    """pairs: (title, [(name, command, prepare)], limits of the ratios of wall time and memory). Runs all commands in turn,
    round after round, so that a busy machine hurts all alike, and prints a table of medians and ratios to the first. A
    first round fills the caches of files and measures memory, which slows what is measured; it is not timed."""
    taken, memory = {}, {}
    for n in range(rounds + 1):
        for title, commands, _ in pairs:
            for name, command, prepare in commands:
                prepare()
                m = measure(command, log, n == 0 and name == ours_name(commands))
                if n == 0:
                    memory[title, name] = m[2]
                else:
                    taken.setdefault((title, name), []).append(m)
                print(f"  round {n}: {title}: {name}: {m[0]:.2f} s", file=sys.stderr)
    print("| | tool | wall s (least to most) | processor s | peak memory MB |\n|---|---|---|---|---|")
    ratios = []
    for title, commands, limits in pairs:
        rows = {name: taken[title, name] for name, _, _ in commands}
        for name, runs in rows.items():
            wall = [r[0] for r in runs]
            print(f"| {title} | {name} | {median(wall):.2f} ({min(wall):.2f} to {max(wall):.2f}) | "
                  f"{median(r[1] for r in runs):.2f} | {memory[title, name] / 1e6:.0f} |")
        ours, *others = rows
        for other in others:
            each = lambda k: median(a[k] / b[k] for a, b in zip(rows[ours], rows[other]))
            ratios.append((title, ours, other, each(0), each(1), memory[title, ours] / memory[title, other], limits))
    print("\n| | | of their wall time | of their processor time | of their memory | aim |\n|---|---|---|---|---|---|")
    for title, ours, other, wall, cpu, memory, (lw, lm) in ratios:
        met = wall <= lw and (lm is None or memory <= lm)
        aim = f"{lw:.2g}" + (f" and {lm:.2g}" if lm else "")
        print(f"| {title} | {ours} : {other} | {wall:.2f} | {cpu:.2f} | {memory:.2f} | {aim}: {'met' if met else 'missed'} |")
    print()


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "unknown processor")
    load = os.getloadavg()[0]
    print(f"{model}, {os.cpu_count()} cores, load {load:.1f} at the start; medians. Memory: of the studio the peak "
          "of all its processes together, of the others that of the largest process alone.\n")


resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
