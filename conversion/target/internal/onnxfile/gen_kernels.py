"""Writes kernels.txt, the element types that ONNX Runtime's CPU computes in, from
the onnxruntime package's own list of kernels. A development tool: run it by hand
with the packages onnx and onnxruntime, and commit the result.

    python gen_kernels.py > kernels.txt
"""
import onnx.defs as defs
import onnxruntime
import onnxruntime.capi.onnxruntime_pybind11_state as state

from gen_schemas import ML, NAMES, chosen

kernels = {}
for k in state.get_all_opkernel_def():
    if k.provider == "CPUExecutionProvider" and k.domain in ("", ML):
        kernels.setdefault((k.domain, k.op_name), []).append(k)

sets, lines = {}, []


def number(types):
    return "%d" % sets.setdefault(",".join(sorted(types)) or "-", len(sets))


def column(params, found):
    out = []
    for p in params:
        all_types = {NAMES[x[7:-1]] for x in p.types if x.startswith("tensor(") and x[7:-1] in NAMES}
        allowed = set()
        for k in found:
            t = k.type_constraints.get(p.type_str)
            if t is None:
                allowed |= all_types
            else:
                allowed |= {NAMES[x[7:-1]] for x in t if x.startswith("tensor(") and x[7:-1] in NAMES}
        allowed &= all_types
        allowed |= {k for k in ("seq", "optional") if any(x.startswith(k + "(") for x in p.types)}
        if "f32" in allowed and "f16" in all_types:
            allowed.add("f16")  # casts are put around it
        out.append(number(allowed))
    return ",".join(out) or "-"


def width(params):
    return [len(p.types) for p in params]


for s, name, since in chosen():
    found = [k for k in kernels.get((s.domain, s.name), []) if k.version_range[0] <= s.since_version <= k.version_range[1]]
    if not found:
        if not (s.has_function or s.has_context_dependent_function):
            lines.append(f"{name} {since} - -")
        continue
    lines.append(f"{name} {since} {column(s.inputs, found)} {column(s.outputs, found)}")

print("# Element types of the kernels of ONNX Runtime %s for the CPU, made by gen_kernels.py." % onnxruntime.__version__)
print("# Type sets: number, types. Then: operator, since, type sets of inputs, of outputs; - where there is no kernel.")
print("# An operator that is missing here is computed by the function that defines it.")
for k, i in sets.items():
    print(f"@{i} {k}")
print("\n".join(lines))
