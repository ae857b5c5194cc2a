"""score.py RUNTIME ARTEFACT REFERENCE.npz: runs an artefact on the reference's inputs and prints as JSON its signal to quantization
noise ratio against the reference's outputs, in dB: mean over the inputs, and pooled over them (which one input with large
outputs can decide alone); of several outputs the mean of theirs. RUNTIME is onnx, openvino, tflite or ncnn, as the target."""
import json
import sys

import numpy as np


def fit(x, shape):
    """The array in the layout and of the size that the artefact wants; None: as it is."""
    if shape is None:
        return x
    for order in (None, (0, 2, 3, 1), (0, 3, 1, 2)):
        y = x if order is None else x.transpose(order) if x.ndim == 4 else x
        if len(shape) == y.ndim and all(not isinstance(d, int) or d < 1 or d == n for d, n in zip(shape, y.shape)):
            return np.ascontiguousarray(y)
    raise SystemExit(f"an input of shape {list(x.shape)} does not fit {list(shape)}")


def match(wanted, got, what):
    """For each wanted name the position in got, which has all names of each; a single one may have any. Names of None: in order."""
    if len(wanted) != len(got):
        raise SystemExit(f"it has {len(got)} {what}, the source {len(wanted)}")
    if len(wanted) == 1 or got[0] is None:
        return [*range(len(wanted))]
    found = [[i for i, names in enumerate(got) if n in names] for n in wanted]
    if sorted(i for f in found for i in f) != list(range(len(got))):
        raise SystemExit(f"its {what} are {', '.join('/'.join(sorted(n)) for n in got)}, the source's {', '.join(wanted)}")
    return [f[0] for f in found]


def onnx(path):
    import onnxruntime as ort

    s = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64, "tensor(int32)": np.int32}
    inputs = [({v.name}, v.shape, types[v.type]) for v in s.get_inputs()]
    names = [v.name for v in s.get_inputs()]
    return inputs, [{v.name} for v in s.get_outputs()], lambda feeds: s.run(None, dict(zip(names, feeds)))


def openvino(path):
    import openvino as ov

    m = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    r = m.create_infer_request()
    inputs = [(p.get_names(), [d.get_length() if d.is_static else -1 for d in p.partial_shape], p.element_type.to_dtype()) for p in m.inputs]

    def run(feeds):
        r.infer(dict(enumerate(feeds)))
        return [r.get_output_tensor(i).data.copy() for i in range(len(m.outputs))]
    return inputs, [p.get_names() for p in m.outputs], run


def tflite(path):
    from ai_edge_litert.interpreter import Interpreter

    i = Interpreter(model_path=path, num_threads=2)
    runner = i.get_signature_runner()
    details = runner.get_input_details()
    inputs = [({n}, list(map(int, d["shape"])), d["dtype"]) for n, d in details.items()]
    outputs = list(runner.get_output_details())

    def run(feeds):
        got = runner(**dict(zip(details, feeds)))
        return [got[n] for n in outputs]
    return inputs, [{n} for n in outputs], run


def ncnn(path):
    """Inputs and outputs are called in0, in1 ... and out0, out1 ..., have no batch, and integers where a table is looked up."""
    import ncnn as nn

    net = nn.Net()
    net.opt.num_threads = 1  # more wait for each other on a busy machine
    for name in dir(net.opt):
        if name.startswith(("use_fp16", "use_bf16")):
            setattr(net.opt, name, False)
    if net.load_param(path) or net.load_model(path.removesuffix(".param") + ".bin"):
        raise SystemExit(f"{path}: cannot be loaded")
    looked_up = set()
    with open(path) as f:
        for kind, _, reads, writes, *blobs in reversed([line.split() for line in f][2:]):
            reads, writes = blobs[: int(reads)], blobs[int(reads) : int(reads) + int(writes)]
            if kind == "Embed" or kind in ("Reshape", "Split") and looked_up & set(writes):
                looked_up.update(reads)
    names = [f"in{i}" for i in range(len(net.input_names()))]

    def run(feeds):
        e = net.create_extractor()
        mats = [nn.Mat(np.ascontiguousarray(x[0])).clone() for x in feeds]
        for name, m in zip(names, mats):
            e.input(name, m)
        return [np.array(e.extract(f"out{i}")[1]) for i in range(len(net.output_names()))]
    return [(None, None, np.int32 if n in looked_up else np.float32) for n in names], [None] * len(net.output_names()), run


def decibels(signal, noise):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.minimum(10 * np.log10(signal / noise), 200.0)  # of equal outputs


def score(target, path, reference):
    z = np.load(reference)
    # Of each input its names, shape and type, of each output its names.
    inputs, outputs, run = {"onnx": onnx, "openvino": openvino, "tflite": tflite, "ncnn": ncnn}[target](path)
    names = [[str(n) for n in z[k]] for k in ("inputs", "outputs")]
    places, take = match(names[0], [n for n, _, _ in inputs], "inputs"), match(names[1], outputs, "outputs")
    given, want = ([z[f"{k}{i}"] for i in range(len(ns))] for k, ns in zip(("in", "out"), names))
    noise, signal = np.zeros((2, len(want), len(given[0])))
    for k in range(len(given[0])):
        feeds = [fit(x[k], inputs[p][1]).astype(inputs[p][2]) for x, p in zip(given, places)]
        got = run([feeds[places.index(p)] for p in range(len(inputs))])
        for o, (t, w) in enumerate(zip(take, want)):
            y = np.asarray(got[t])
            a, b = (y.reshape(w[k].shape) if outputs[t] is None else fit(y, w[k].shape)).astype(np.float64), w[k].astype(np.float64)
            if not np.isfinite(a).all():
                raise SystemExit(f"output {names[1][o]} is not finite")
            noise[o, k], signal[o, k] = ((a - b) ** 2).sum(), (b**2).sum()
    return {"mean": float(decibels(signal, noise).mean()), "pooled": float(decibels(signal.sum(1), noise.sum(1)).mean()), "scored": len(given[0])}


if __name__ == "__main__":
    print(json.dumps(score(*sys.argv[1:4])))
