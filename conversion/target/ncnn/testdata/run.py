"""Runs ncnn models: one JSON job a line on standard input, one answer a line on standard output.

A job names the model's param and bin, its inputs as files of 32-bit floats with their dimensions (outermost first,
without batch) and how many outputs it has; "plain" switches off the kernels that gain speed by other sums. All shortcuts
in precision are off, so that sums are those of 32-bit floats.
"""
import json
import sys

import ncnn
import numpy as np


def places(param):
    """The inputs that tables are looked up by: blobs of 32-bit integers."""
    with open(param) as f:
        layers = [line.split() for line in f][2:]
    wanted = {b for l in layers if l[0] == "Embed" for b in l[4 : 4 + int(l[2])]}
    for l in reversed(layers):
        ins, outs = l[4 : 4 + int(l[2])], l[4 + int(l[2]) : 4 + int(l[2]) + int(l[3])]
        if l[0] in ("Reshape", "Split") and wanted & set(outs):
            wanted |= set(ins)
    return wanted


for line in sys.stdin:
    job = json.loads(line)
    try:
        net = ncnn.Net()
        for name in dir(net.opt):
            if name.startswith(("use_fp16", "use_bf16")):
                setattr(net.opt, name, False)
        if job.get("plain"):
            net.opt.use_winograd_convolution = net.opt.use_sgemm_convolution = net.opt.use_packing_layout = False
        net.opt.use_int8_inference = True
        net.opt.num_threads = 1
        net.opt.lightmode = True
        if net.load_param(job["param"]) or net.load_model(job["bin"]):
            raise RuntimeError("the model does not load")
        ex = net.create_extractor()
        keep, integers = [], places(job["param"])
        for k, i in enumerate(job["inputs"]):
            x = np.fromfile(i["file"], np.float32).reshape(i["dims"])
            if "in%d" % k in integers:
                x = x.astype(np.int32)
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
