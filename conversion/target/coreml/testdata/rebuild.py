"""Rebuilds each ML Program given on standard input, one path a line, as
coremltools' own typed program, and says what it found as a line of JSON."""
import json
import logging
import os
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from coremltools.converters.mil.frontend import milproto  # noqa: E402
from coremltools.models import MLModel  # noqa: E402

for line in sys.stdin:
    path = line.strip()
    try:
        spec = MLModel(path, skip_model_load=True).get_spec()
        program = milproto.load.load(
            spec,
            specification_version=spec.specificationVersion,
            file_weights_dir=os.path.join(path, "Data", "com.apple.CoreML", "weights"),
        )
        ops = [o.op_type for o in program.functions["main"].operations]
        print(json.dumps({"path": path, "ops": len(ops)}), flush=True)
    except Exception as e:  # every failure is a result
        print(json.dumps({"path": path, "error": f"{type(e).__name__}: {e}"[:600]}), flush=True)
