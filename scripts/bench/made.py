"""What other tools make of a model is made once and kept, under a name that tells model, calibration inputs, tool, version and
options; and the quantizers that the studio's int8 is held against."""
import functools
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

from process import CACHE, ROOT, STUDIO

KEPT = os.path.join(CACHE, "quantized")
NNCF = os.environ.get("STUDIO_NNCF_VENV", os.path.join(ROOT, ".cache", "venv-nncf"))
AIEQ = os.environ.get("STUDIO_AIEQ_VENV", os.path.join(ROOT, ".cache", "venv-aieq"))
NCNN = os.environ.get("STUDIO_NCNN_VENV", os.path.join(CACHE, "peers", "pnnx"))
NCNN_TOOLS = os.environ.get("STUDIO_NCNN_TOOLS", "")  # a folder with ncnn2table and ncnn2int8, which no package has
LONGEST = 3600  # seconds that a quantizer may take
MAIN = {"onnx": ".onnx", "openvino": ".xml", "tflite": ".tflite", "ncnn": ".param"}


class Missing(Exception):
    """A tool or a model that is not there, or a tool that failed."""


def _first_to_go():
    """Where memory runs out it is the tool that ends, not another program."""
    with open("/proc/self/oom_score_adj", "w") as f:
        f.write("1000")


def reason(text):
    """The line of a log that says what went wrong: the last one of an exception, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if line.split(":")[0].split(".")[-1].endswith(("Error", "Exception", "error")) and ":" in line]
    return (named or lines or ["?"])[-1].replace(ROOT + os.sep, "")[:200]


def call(command, limit=None, **kwargs):
    name = os.path.basename(next((a for a in command[1:2] if a.endswith(".py")), command[0]))
    try:
        p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=limit, **kwargs)
    except subprocess.TimeoutExpired:
        raise Missing(f"{name} was stopped after {limit} s") from None
    if p.returncode == -9:
        raise Missing(f"{name} ran out of memory")
    if p.returncode < 0:
        raise Missing(f"{name} was ended by signal {-p.returncode}")
    if p.returncode:
        raise Missing(f"{name} failed: {reason(p.stdout)}")
    return p.stdout


def found(path):
    if not os.path.exists(path):
        raise Missing(f"{os.path.basename(path)} was not written")
    return path


@functools.cache
def digest(path):
    """SHA-256 of a file, or of all files in a folder with their names."""
    h = hashlib.sha256()
    if os.path.isdir(path):
        for p in sorted(glob.glob(os.path.join(path, "**"), recursive=True)):
            if os.path.isfile(p):
                h.update(os.path.relpath(p, path).encode() + digest(p).encode())
        return h.hexdigest()
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def combined(*parts):
    """A name for what is made of all these."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def size(path):
    """Bytes of an artefact: OpenVINO's and ncnn's weights lie beside it."""
    weights = os.path.splitext(path)[0] + ".bin"
    return os.path.getsize(path) + (os.path.getsize(weights) if path.endswith((".xml", ".param")) and os.path.exists(weights) else 0)


def kept(folder, of, make):
    """The path that make(folder) gives and the seconds that took, from the last time where that was made of the same."""
    note = os.path.join(folder, "made.json")
    try:
        with open(note) as f:
            made = json.load(f)
        if made["of"] == of and os.path.exists(os.path.join(folder, made["path"])):
            return os.path.join(folder, made["path"]), made.get("seconds")
    except (OSError, ValueError, KeyError):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    begin = time.perf_counter()
    path = make(folder)
    seconds = time.perf_counter() - begin
    with open(note, "w") as f:
        json.dump({"of": of, "path": os.path.relpath(path, folder), "seconds": seconds}, f)
    return path, seconds


def studio(model, target, folder, *options):
    """Converts without verification and returns the artefact's main file."""
    shutil.rmtree(folder, ignore_errors=True)
    call([STUDIO, "convert", model, "--to", target, "--no-verify", "-o", folder, *options])
    d = os.path.join(folder, target)
    return os.path.join(d, next(f for f in os.listdir(d) if f.endswith(MAIN[target])))


@functools.cache
def versions(python, packages):
    if not os.path.exists(python):
        raise Missing(f"{packages[0]} has no environment (scripts/bench/peers-venv)")
    code = "import sys; from importlib.metadata import version; print(*(p + ' ' + version(p) for p in sys.argv[1:]), sep=', ')"
    return call([python, "-c", code, *packages]).strip()


class Quantizer(NamedTuple):
    """Another tool's static int8 for one of our targets."""

    title: str
    target: str
    venv: str  # "": the tests' own
    script: str
    packages: tuple  # whose versions decide what it makes
    options: tuple = ()
    converted: bool = False  # it starts from the studio's float file, as it reads no ONNX
    programs: tuple = ()  # that the script starts

    @property
    def python(self):
        return os.path.join(self.venv, "bin", "python") if self.venv else sys.executable

    def key(self, model, calibration):
        of = (digest(model), digest(calibration), self.script, versions(self.python, self.packages), self.options)
        for p in self.programs:
            if not os.path.exists(p):
                raise Missing(f"{os.path.basename(p)} is not there (STUDIO_NCNN_TOOLS)")
            of += (digest(p),)
        return combined(*of)

    def make(self, model, calibration):
        """Path and seconds of its own process, not counting the studio's float file where it starts from one."""
        key, result = self.key(model, calibration), "quantized" + MAIN[self.target]

        def run(folder):
            call([self.python, os.path.join(ROOT, "scripts", "bench", self.script), source, os.path.join(folder, result), calibration,
                  *self.options], LONGEST, preexec_fn=_first_to_go)
            return found(os.path.join(folder, result))

        source, own = model, None
        if self.converted:
            own = os.path.join(KEPT, "float-" + key)
            source = studio(model, self.target, own)
        try:
            return kept(os.path.join(KEPT, key), key, run)
        finally:
            if own:
                shutil.rmtree(own)

    def forget(self, model, calibration):
        shutil.rmtree(os.path.join(KEPT, self.key(model, calibration)), ignore_errors=True)


def quantizers(target, transformer=False):
    """The tools for a runtime, the one that is advised for the kind of network first. ONNX Runtime's other calibration methods
    and NNCF's slow bias correction take hours on the larger networks."""
    if target == "onnx":
        ort = Quantizer("onnxruntime.quantization u8s8, min-max", target, "", "ort_static.py", ("onnxruntime", "onnx"))
        return [ort, ort._replace(title="onnxruntime.quantization u8s8, percentile", options=("percentile",))]
    if target == "openvino":
        nncf = Quantizer("NNCF", target, NNCF, "peer_nncf.py", ("nncf", "openvino"))
        if transformer:  # whose preset is the mixed one
            return [nncf._replace(title="NNCF for transformers", options=("transformer",))]
        return [nncf._replace(title="NNCF performance"), nncf._replace(title="NNCF mixed", options=("mixed",))]
    if target == "ncnn":
        tools = tuple(os.path.join(NCNN_TOOLS, t) for t in ("ncnn2table", "ncnn2int8"))
        kl = Quantizer("ncnn2table kl", target, NCNN, "peer_ncnn.py", ("ncnn",), ("kl",), converted=True, programs=tools)
        return [kl, kl._replace(title="ncnn2table aciq", options=("aciq",))]
    return [Quantizer("AI Edge Quantizer", "tflite", AIEQ, "peer_aieq.py", ("ai-edge-quantizer", "ai-edge-litert"), converted=True)]
