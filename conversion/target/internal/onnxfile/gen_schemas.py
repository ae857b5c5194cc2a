"""Writes schemas.txt, the table of operator signatures that legality is judged
by, from the onnx package's own schemas. A development tool: run it by hand with
an onnx package, and commit the result.

    python gen_schemas.py > schemas.txt
"""
import onnx.defs as defs

NAMES = {
    "float": "f32", "float16": "f16", "bfloat16": "bf16", "double": "f64", "int8": "i8", "int16": "i16",
    "int32": "i32", "int64": "i64", "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64", "bool": "bool",
    "int4": "i4", "uint4": "u4", "string": "string", "float8e4m3fn": "f8e4m3fn", "float8e5m2": "f8e5m2",
    "float8e4m3fnuz": "f8e4m3fnuz", "float8e5m2fnuz": "f8e5m2fnuz", "complex64": "c64", "complex128": "c128",
}
MAX = 24
sets = {}
lines = []


def types(param):
    t = [NAMES[x[7:-1]] for x in param.types if x.startswith("tensor(") and x[7:-1] in NAMES]
    t += [k for k in ("seq", "optional") if any(x.startswith(k + "(") for x in param.types)]
    key = ",".join(sorted(t)) or "-"
    return "%d" % sets.setdefault(key, len(sets))


schemas = [s for s in defs.get_all_schemas_with_history() if s.domain == "" and not s.deprecated]
for s in sorted(schemas, key=lambda s: (s.name, s.since_version)):
    later = [x.since_version for x in schemas if x.name == s.name and x.since_version > s.since_version]
    if s.since_version > MAX or (later and min(later) <= 13):
        continue
    attrs = ",".join(sorted(s.attributes)) or "-"
    ins = ",".join(types(p) for p in s.inputs) or "-"
    outs = ",".join(types(p) for p in s.outputs) or "-"
    lines.append(f"{s.name} {s.since_version} {s.min_input} {s.max_input} {attrs} {ins} {outs}")

print("# Signatures of the default domain's operators from set 13 to %d, made by gen_schemas.py." % MAX)
print("# Type sets: number, types. Then: operator, since, fewest and most inputs, attributes, type sets of inputs, of outputs.")
for k, i in sets.items():
    print(f"@{i} {k}")
print("\n".join(lines))
