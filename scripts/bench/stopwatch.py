#!/usr/bin/env python3
"""Times two artefacts of one runtime in one process, call by call in turn, and prints the times as JSON.

    stopwatch.py RUNTIME SECONDS OURS THEIRS [INPUT]

RUNTIME is litert, openvino, onnxruntime or ncnn; one thread. INPUT is the ncnn model's input, as in 3x224x224.
"""
import json
import sys
import time

import numpy as np


def noise(shape, dtype):
    rng = np.random.default_rng(5)
    shape = [int(d) if isinstance(d, (int, np.integer)) and d > 0 else 1 for d in shape]
    if np.dtype(dtype).kind in "iu":
        return rng.integers(0, 100, shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


def litert(path):
    from ai_edge_litert.interpreter import Interpreter

    i = Interpreter(path, num_threads=1)
    i.allocate_tensors()
    for d in i.get_input_details():
        i.set_tensor(d["index"], noise(d["shape"], d["dtype"]))
    # What XNNPACK took over stands as one DELEGATE each; what follows the plan outside runs in other kernels.
    ops = i._get_ops_details()
    taken = [o for o in ops if o["op_name"] == "DELEGATE"]
    return i.invoke, {"partitions": len(taken), "inputs": [list(map(int, d["shape"])) for d in i.get_input_details()]}


def openvino(path):
    import openvino as ov

    core = ov.Core()
    m = core.compile_model(path, "CPU", {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"})
    r = m.create_infer_request()
    for k, p in enumerate(m.inputs):
        shape = [d.get_length() if d.is_static else 1 for d in p.partial_shape]
        r.set_input_tensor(k, ov.Tensor(noise(shape, p.element_type.to_dtype())))
    return r.infer, {}


def onnxruntime(path):
    import onnxruntime as ort

    o = ort.SessionOptions()
    o.intra_op_num_threads = o.inter_op_num_threads = 1
    o.log_severity_level = 3
    s = ort.InferenceSession(path, o, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32}
    feeds = {v.name: noise(v.shape, types[v.type]) for v in s.get_inputs()}
    return lambda: s.run(None, feeds), {}


def ncnn(path, size):
    import ncnn as nn

    net = nn.Net()
    net.opt.num_threads = 1
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    if net.load_param(path) or net.load_model(path.removesuffix(".param") + ".bin"):
        raise SystemExit(f"{path}: cannot be loaded")
    x = nn.Mat(noise(size, np.float32))
    first, last = net.input_names()[0], net.output_names()[0]

    def run():
        e = net.create_extractor()
        e.input(first, x)
        e.extract(last)

    return run, {}


def main():
    runtime, seconds, *paths = sys.argv[1:4] + [sys.argv[4]]
    extra = [[int(d) for d in sys.argv[5].split("x")]] if runtime == "ncnn" else []
    made = [globals()[runtime](p, *extra) for p in paths]
    runs = [m[0] for m in made]
    for r in runs:
        for _ in range(3):
            r()
    times, cpu, begin, n = [[], []], [[], []], time.perf_counter(), 0
    while time.perf_counter() - begin < float(seconds) or n < 8:
        for k in (0, 1) if n % 2 else (1, 0):  # each goes first as often
            c, t = time.process_time(), time.perf_counter()
            runs[k]()
            times[k].append(time.perf_counter() - t)
            cpu[k].append(time.process_time() - c)
        n += 1
    json.dump({"times": times, "cpu": cpu, "notes": [m[1] for m in made]}, sys.stdout)


if __name__ == "__main__":
    main()
