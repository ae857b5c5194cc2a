"""Writes schemas.txt, the table of operator signatures that legality is judged
by, from the onnx package's own schemas. A development tool: run it by hand with
an onnx package, and commit the result.

    python gen_schemas.py > schemas.txt
"""
import onnx.defs as defs

NAMES = {
    "float": "f32", "float16": "f16", "bfloat16": "bf16", "double": "f64", "int8": "i8", "int16": "i16",
    "int32": "i32", "int64": "i64", "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64", "bool": "bool",
    "int4": "i4", "uint4": "u4", "int2": "i2", "uint2": "u2", "float4e2m1": "f4e2m1", "float8e8m0": "f8e8m0", "string": "string", "float8e4m3fn": "f8e4m3fn", "float8e5m2": "f8e5m2",
    "float8e4m3fnuz": "f8e4m3fnuz", "float8e5m2fnuz": "f8e5m2fnuz", "complex64": "c64", "complex128": "c128",
}
MAX = 26
ML = "ai.onnx.ml"
sets = {}
lines = []


def types(param):
    t = [NAMES[x[7:-1]] for x in param.types if x.startswith("tensor(") and x[7:-1] in NAMES]
    t += [k for k in ("seq", "optional") if any(x.startswith(k + "(") for x in param.types)]
    key = ",".join(sorted(t)) or "-"
    return "%d" % sets.setdefault(key, len(sets))


schemas = [s for s in defs.get_all_schemas_with_history() if s.domain in ("", ML) and not s.deprecated]


def chosen():
    """Every schema that may be written, with its name and operator set."""
    for s in sorted(schemas, key=lambda s: (s.domain, s.name, s.since_version)):
        later = [x.since_version for x in schemas if (x.domain, x.name) == (s.domain, s.name) and x.since_version > s.since_version]
        if s.since_version > MAX or later and (s.domain or min(later) <= 13):
            continue
        if s.domain:  # of the other domain the newest form alone is written
            yield s, s.domain + "." + s.name, 0
        else:
            yield s, s.name, s.since_version


def main():
    for s, name, since in chosen():
        attrs = ",".join(sorted(s.attributes)) or "-"
        ins = ",".join(types(p) for p in s.inputs) or "-"
        outs = ",".join(types(p) for p in s.outputs) or "-"
        lines.append(f"{name} {since} {s.min_input} {s.max_input} {attrs} {ins} {outs}")
    print("# Signatures of the default domain's operators from set 13 to %d and of %s, made by gen_schemas.py." % (MAX, ML))
    print("# Type sets: number, types. Then: operator, since, fewest and most inputs, attributes, type sets of inputs, of outputs.")
    for k, i in sets.items():
        print(f"@{i} {k}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
