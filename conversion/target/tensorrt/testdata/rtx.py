"""Has TensorRT-RTX's own parser read ONNX files, and on demand build engines of them, on a machine without a GPU.

One question a line on standard input: a file's path, or {"model": PATH, "build": true}; STUDIO_RTX_BUILD asks for an
engine of each path. One answer a line on standard output: {"layers": N}, with "engine": BYTES where one was built, or
{"error": TEXT}, or {"unknown": TEXT} for operators that are plugins, as these do not start without a GPU's driver.

The libraries are those of the package onnxruntime-ep-nv-tensorrt-rtx-cu13, the interface that of
tensorrt-rtx-cu13-bindings, loaded by file: their own packages look for a full installation. NAME.build.json beside a
model gives its profile.

An engine for a named compute capability is built without a GPU; it is not run.
"""
import ctypes
import glob
import importlib.util
import json
import os
import sys
import sysconfig

site = sysconfig.get_paths()["purelib"]
for name in ("libtensorrt_rtx.so.*", "libtensorrt_onnxparser_rtx.so.*"):
    ctypes.CDLL(glob.glob(os.path.join(site, "onnxruntime_ep_nv_tensorrt_rtx", name))[0], ctypes.RTLD_GLOBAL)
spec = importlib.util.spec_from_file_location("tensorrt_rtx", os.path.join(site, "tensorrt_rtx_bindings", "tensorrt_rtx.so"))
trt = importlib.util.module_from_spec(spec)
spec.loader.exec_module(trt)


class Logger(trt.ILogger):
    """Keeps what the library says of errors."""

    def __init__(self):
        super().__init__()
        self.said = []

    def log(self, severity, text):
        if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
            self.said.append(text)


def answer(q):
    logger = Logger()
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(q["model"]):
        said = [parser.get_error(i).desc() for i in range(parser.num_errors)] + logger.said
        if "in plugin registry" in said[0] or "in the plugin registry" in said[0]:
            return {"unknown": said[0]}
        return {"error": "parser: " + "; ".join(said)[:600]}
    out = {"layers": network.num_layers}
    if not q.get("build"):
        return out
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(trt.ComputeCapability.SM86, 0)
    with open(q["model"].removesuffix(".onnx") + ".build.json") as f:
        for sizes in json.load(f).get("profiles", []):
            profile = builder.create_optimization_profile()
            for name, r in sizes.items():
                profile.set_shape(name, r["min"], r["opt"], r["max"])
            config.add_optimization_profile(profile)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        return {"error": "builder: " + "; ".join(logger.said)[:600]}
    return {**out, "engine": engine.nbytes}


for line in sys.stdin:
    line = line.strip()
    try:
        print(json.dumps(answer(json.loads(line) if line.startswith("{") else {"model": line, "build": "STUDIO_RTX_BUILD" in os.environ})), flush=True)
    except Exception as e:  # every failure is an answer
        print(json.dumps({"error": str(e).replace("\n", " ")[:600]}), flush=True)
