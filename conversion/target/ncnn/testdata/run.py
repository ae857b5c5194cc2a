"""Runs ncnn models: one JSON job a line on standard input, one answer a line on standard output.

A job names the model's param and bin, its inputs as files of 32-bit floats with their dimensions (outermost first,
without batch) and how many outputs it has. All shortcuts in precision are off, so that sums are those of 32-bit floats.
"""
import json
import sys

import ncnn
import numpy as np

for line in sys.stdin:
    job = json.loads(line)
    try:
        net = ncnn.Net()
        for name in dir(net.opt):
            if name.startswith(("use_fp16", "use_bf16")):
                setattr(net.opt, name, False)
        net.opt.use_int8_inference = True
        net.opt.num_threads = 1
        net.opt.lightmode = True
        if net.load_param(job["param"]) or net.load_model(job["bin"]):
            raise RuntimeError("the model does not load")
        ex = net.create_extractor()
        keep = []
        for k, i in enumerate(job["inputs"]):
            x = np.fromfile(i["file"], np.float32).reshape(i["dims"])
            m = ncnn.Mat(x).clone()
            keep.append((x, m))
            if ex.input("in%d" % k, m):
                raise RuntimeError("input %d is refused" % k)
        outs = []
        for k in range(job["outputs"]):
            rc, m = ex.extract("out%d" % k)
            if rc:
                raise RuntimeError("output %d does not come: %d" % (k, rc))
            y = np.array(m, dtype=np.float32)
            file = "%s.out%d" % (job["param"], k)
            y.tofile(file)
            outs.append({"dims": list(y.shape), "file": file})
        print(json.dumps({"outputs": outs}), flush=True)
    except Exception as e:
        print(json.dumps({"error": str(e)}), flush=True)
