"""Computes ML Programs with numpy, operation by operation, over the typed
program that coremltools rebuilds from a package: weights are read and unpacked by
Apple's code, arithmetic is numpy's, and nothing is shared with the writer.

Each line of standard input is {"path", "inputs": [{"name", "file", "dtype",
"shape"}], "dir"}; each line of output {"path", "outputs": [{"name", "file",
"dtype", "shape"}], "ops": N} or {"path", "error"}. Half precision is computed in
single precision and rounded after every operation.

This file reads the jobs and walks the program; table.py names the operations, layers.py, places.py and
maths.py compute them."""
import json
import logging
import os
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import numpy as np  # noqa: E402
from coremltools.converters.mil.frontend import milproto  # noqa: E402
from coremltools.models import MLModel  # noqa: E402

from maths import wide  # noqa: E402
from table import CASTS, OPS  # noqa: E402


def compute(program, inputs):
    function = program.functions["main"]
    vals, n = dict(inputs), 0
    for o in function.operations:
        if o.op_type == "const":
            vals[o.outputs[0].name] = o.outputs[0].val
            continue
        if o.op_type.startswith("constexpr_"):
            vals[o.outputs[0].name] = np.asarray(o.materialized_val_inference())
            continue

        def get(v):
            if isinstance(v, (list, tuple)):
                return [get(x) for x in v]
            if v.name in vals:
                x = vals[v.name]
                return wide(x) if isinstance(x, np.ndarray) else x
            return v.val

        a = {k: get(v) for k, v in o.inputs.items() if v is not None}
        with np.errstate(all="ignore"):
            out = OPS[o.op_type](a)
        n += 1
        for var, y in zip(o.outputs, out if len(o.outputs) > 1 else [out]):
            if not isinstance(y, str):
                y = np.asarray(y)
                if var.shape is not None and hasattr(var.dtype, "__name__") and o.op_type != "classify":
                    kind = CASTS.get({"fp16": "fp16", "fp32": "fp32", "int32": "int32", "bool": "bool"}.get(var.dtype.__name__, ""))
                    if kind is not None:
                        with np.errstate(all="ignore"):
                            y = y.astype(kind)
                    declared = tuple(var.shape)
                    if all(isinstance(d, (int, np.integer)) for d in declared) and tuple(y.shape) != tuple(int(d) for d in declared):
                        raise ValueError(f"{o.op_type} {var.name} is {y.shape}, declared {declared}")
            vals[var.name] = y
    return [(v.name, vals[v.name]) for v in function.outputs], n


for line in sys.stdin:
    job = json.loads(line)
    try:
        path = job["path"]
        spec = MLModel(path, skip_model_load=True).get_spec()
        program = milproto.load.load(
            spec, specification_version=spec.specificationVersion, file_weights_dir=os.path.join(path, "Data", "com.apple.CoreML", "weights")
        )
        inputs = {i["name"]: np.fromfile(i["file"], i["dtype"]).reshape(i["shape"]) for i in job["inputs"]}
        outputs, n = compute(program, inputs)
        answer = []
        for k, (name, y) in enumerate(outputs):
            if isinstance(y, str):
                answer.append({"name": name, "text": y})
                continue
            y = y.astype(np.float32)
            file = os.path.join(job["dir"], f"out{k}.bin")
            np.ascontiguousarray(y).tofile(file)
            answer.append({"name": name, "file": file, "shape": list(y.shape)})
        print(json.dumps({"path": path, "outputs": answer, "ops": n}), flush=True)
    except Exception as e:  # every failure is a result
        print(json.dumps({"path": job["path"], "error": f"{type(e).__name__}: {e}"[:600]}), flush=True)
