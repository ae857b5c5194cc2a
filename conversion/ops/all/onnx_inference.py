"""Infers element types and shapes with ONNX's own inference: one model a line in, one result a line out."""
import json
import sys

import onnx

for line in sys.stdin:
    values = {}
    try:
        m = onnx.load(line.strip(), load_external_data=False)
        # What the file claims is not inferred.
        for o in m.graph.output:
            o.ClearField("type")
        del m.graph.value_info[:]
        m = onnx.shape_inference.infer_shapes(m, data_prop=True)
        for v in list(m.graph.value_info) + list(m.graph.output):
            if v.type.WhichOneof("value") != "tensor_type":
                continue
            t = v.type.tensor_type
            dims = None
            if t.HasField("shape"):
                dims = [d.dim_value if d.HasField("dim_value") else -1 for d in t.shape.dim]
            values[v.name] = {"type": t.elem_type, "dims": dims}
        result = {"values": values}
    except Exception as e:
        result = {"error": str(e)[:300]}
    print(json.dumps(result), flush=True)
