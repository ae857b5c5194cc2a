"""score.py RUNTIME ARTEFACT REFERENCE.npz: runs an artefact on the reference's inputs and prints as JSON its signal to quantization
noise ratio against the reference's outputs, in dB: mean over the inputs, and pooled over them (which one input with large
outputs can decide alone); of several outputs the mean of theirs. RUNTIME is onnx, openvino or tflite, as the target."""
import json
import sys

import numpy as np


def fit(x, shape):
    """The array in the layout and of the size that the artefact wants."""
    for order in (None, (0, 2, 3, 1), (0, 3, 1, 2)):
        y = x if order is None else x.transpose(order) if x.ndim == 4 else x
        if len(shape) == y.ndim and all(not isinstance(d, int) or d < 1 or d == n for d, n in zip(shape, y.shape)):
            return np.ascontiguousarray(y)
    raise SystemExit(f"an input of shape {list(x.shape)} does not fit {list(shape)}")


def match(wanted, got, what):
    """For each wanted name the position in got, which has all names of each; a single one may have any."""
    if len(wanted) != len(got):
        raise SystemExit(f"it has {len(got)} {what}, the source {len(wanted)}")
    if len(wanted) == 1:
        return [0]
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


def decibels(signal, noise):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.minimum(10 * np.log10(signal / noise), 200.0)  # of equal outputs


def score(target, path, reference):
    z = np.load(reference)
    # Of each input its names, shape and type, of each output its names.
    inputs, outputs, run = {"onnx": onnx, "openvino": openvino, "tflite": tflite}[target](path)
    names = [[str(n) for n in z[k]] for k in ("inputs", "outputs")]
    places, take = match(names[0], [n for n, _, _ in inputs], "inputs"), match(names[1], outputs, "outputs")
    given, want = ([z[f"{k}{i}"] for i in range(len(ns))] for k, ns in zip(("in", "out"), names))
    noise, signal = np.zeros((2, len(want), len(given[0])))
    for k in range(len(given[0])):
        feeds = [fit(x[k], inputs[p][1]).astype(inputs[p][2]) for x, p in zip(given, places)]
        got = run([feeds[places.index(p)] for p in range(len(inputs))])
        for o, (t, w) in enumerate(zip(take, want)):
            a, b = fit(np.asarray(got[t]), w[k].shape).astype(np.float64), w[k].astype(np.float64)
            if not np.isfinite(a).all():
                raise SystemExit(f"output {names[1][o]} is not finite")
            noise[o, k], signal[o, k] = ((a - b) ** 2).sum(), (b**2).sum()
    return {"mean": float(decibels(signal, noise).mean()), "pooled": float(decibels(signal.sum(1), noise.sum(1)).mean()), "scored": len(given[0])}


if __name__ == "__main__":
    print(json.dumps(score(*sys.argv[1:4])))
