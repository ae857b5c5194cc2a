"""Runs ONNX models on ONNX Runtime's own package, for values that no other way passes: sequences, optional values and
narrow element types. A job a line of JSON on standard input, an answer a line on standard output. A value is
{"type", "shape", "file"}, {"items": [...]} for a sequence, or {"none": true}; strings lie in the job as "strings"."""
import json
import sys

import numpy as np
import onnx
import onnxruntime as ort

TYPES = {
    "f32": np.float32, "u8": np.uint8, "i8": np.int8, "u16": np.uint16, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "bool": np.bool_, "f16": np.float16, "f64": np.float64, "u32": np.uint32, "u64": np.uint64,
}
NAMES = {np.dtype(t): n for n, t in TYPES.items()}

# Types that numpy lacks come and go as 32-bit floats, which hold all their values.
NARROW = {
    16: "bf16", 17: "f8e4m3fn", 18: "f8e4m3fnuz", 19: "f8e5m2", 20: "f8e5m2fnuz", 21: "u4", 22: "i4", 23: "f4e2m1",
    24: "f8e8m0", 25: "u2", 26: "i2",
}


def widened(path):
    """The model with casts at inputs and outputs of narrow types, and those outputs' types."""
    m = onnx.load(path)
    names = {}
    for v in m.graph.input:
        t = v.type.tensor_type
        if v.type.HasField("tensor_type") and t.elem_type in NARROW and v.name not in {i.name for i in m.graph.initializer}:
            cast = onnx.helper.make_node("Cast", ["wide_" + v.name], [v.name], to=t.elem_type)
            m.graph.node.insert(0, cast)
            t.elem_type, v.name = 1, "wide_" + v.name
    for k, v in enumerate(m.graph.output):
        t = v.type.tensor_type
        if v.type.HasField("tensor_type") and t.elem_type in NARROW:
            m.graph.node.append(onnx.helper.make_node("Cast", [v.name], ["wide_" + v.name], to=1))
            names[k] = NARROW[t.elem_type]
            t.elem_type, v.name = 1, "wide_" + v.name
    return m.SerializeToString(), names


def load(v):
    if v.get("none"):
        return None
    if "items" in v:
        return [load(x) for x in v["items"]]
    if v["type"] == "string":
        return np.array(v["strings"], dtype=object).reshape(v["shape"])
    return np.fromfile(v["file"], TYPES[v["type"]]).reshape(v["shape"])


def save(x, path):
    if x is None:
        return {"none": True}
    if isinstance(x, list):
        return {"items": [save(y, "%s_%d" % (path, k)) for k, y in enumerate(x)]}
    x = np.asarray(x)
    if x.dtype == object or x.dtype.kind in "US":
        return {"type": "string", "shape": list(x.shape), "strings": [str(s) for s in x.reshape(-1)]}
    x.reshape(-1).tofile(path)
    return {"type": NAMES[x.dtype], "shape": list(x.shape), "file": path}


for line in sys.stdin:
    job = json.loads(line)
    try:
        o = ort.SessionOptions()
        o.log_severity_level = 4
        o.intra_op_num_threads = 1
        model, narrow = widened(job["model"])
        s = ort.InferenceSession(model, o, providers=["CPUExecutionProvider"])
        feeds = {i.name: load(v) for i, v in zip(s.get_inputs(), job["inputs"])}
        values = s.run([x.name for x in s.get_outputs()], feeds)
        outs = [save(v, "%s_out%d" % (job["base"], k)) for k, v in enumerate(values)]
        for k, name in narrow.items():
            outs[k]["cast"] = name
        print(json.dumps({"outputs": outs}), flush=True)
    except Exception as e:  # every failure is an answer
        print(json.dumps({"error": "%s: %s" % (type(e).__name__, str(e).replace("\n", " ")[:400])}), flush=True)
