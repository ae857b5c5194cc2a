"""Runs models on the vendors' own packages: one job a line in, one result a line out."""
import json
import os
import sys

import numpy as np

TYPES = {
    "f32": np.float32, "f16": np.float16, "f64": np.float64, "i8": np.int8, "i16": np.int16, "i32": np.int32,
    "i64": np.int64, "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64, "bool": np.bool_,
}
NAMES = {np.dtype(v): k for k, v in TYPES.items()}


def load(t):
    return np.fromfile(t["file"], TYPES[t["dtype"]]).reshape(t["shape"])


LAST = [None, None]


def cached(key, make):
    """Keeps the last opened model, as jobs on one model follow each other."""
    if LAST[0] != key:
        LAST[:] = [None, None]
        LAST[1] = make()
        LAST[0] = key
    return LAST[1]


def openvino(job, feeds):
    import openvino as ov
    core = ov.Core()
    config = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0", "INFERENCE_NUM_THREADS": 1, "PERF_COUNT": bool(job.get("profile"))}
    model = cached(("openvino", job["model"], bool(job.get("profile"))), lambda: core.compile_model(core.read_model(job["model"]), "CPU", config))
    by_name = {n: i for i in model.inputs for n in i.names}
    request = model.create_infer_request()
    values = request.infer({by_name[k]: v for k, v in feeds.items() if k in by_name})
    outs = []
    for o in model.outputs:
        names = sorted(o.names) or [o.node.get_friendly_name()]
        outs.append((names, np.array(values[o])))
    extra = {}
    if job.get("profile"):
        extra["profile"] = [{"name": p.node_name, "type": p.node_type, "exec": p.exec_type} for p in request.profiling_info]
    return outs, extra


def onnxruntime(job, feeds):
    import onnxruntime as ort
    o = ort.SessionOptions()
    o.log_severity_level = 4
    o.intra_op_num_threads = 1
    if job.get("plain"):
        o.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    if job.get("optimised"):
        o.optimized_model_filepath = job["optimised"]
    key = ("onnxruntime", job["model"], bool(job.get("plain")), job.get("optimised"))
    s = cached(key, lambda: ort.InferenceSession(job["model"], o, providers=["CPUExecutionProvider"]))
    known = {i.name for i in s.get_inputs()}
    names = [x.name for x in s.get_outputs()]
    values = s.run(names, {k: v for k, v in feeds.items() if k in known})
    return [([n], v) for n, v in zip(names, values)], {}


def litert(job, feeds):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    kernels = OpResolverType.BUILTIN_REF if job.get("reference") else OpResolverType.AUTO
    i = Interpreter(model_path=job["model"], num_threads=1, experimental_op_resolver_type=kernels)
    r = i.get_signature_runner()
    values = r(**feeds)
    # What a delegate computes is one more operator, behind the model's own.
    parts = sum(o["op_name"] == "DELEGATE" for o in i._get_ops_details())
    return [([n], values[n]) for n in r.get_output_details()], {"parts": parts}


RUNTIMES = {"openvino": openvino, "onnxruntime": onnxruntime, "litert": litert}

for line in sys.stdin:
    job = json.loads(line)
    result = {"outputs": []}
    try:
        feeds = {t["name"]: load(t) for t in job["inputs"]}
        outs, extra = RUNTIMES[job["runtime"]](job, feeds)
        result.update(extra)
        for k, (names, v) in enumerate(outs):
            v = np.ascontiguousarray(v).reshape(np.shape(v))
            path = os.path.join(job["dir"], f"out{job['id']}_{k}")
            v.tofile(path)
            result["outputs"].append({"names": names, "dtype": NAMES[v.dtype], "shape": list(v.shape), "file": path})
    except Exception as e:  # the vendor refuses: that is an answer
        result["error"] = f"{type(e).__name__}: {e}"
    print(json.dumps(result), flush=True)
