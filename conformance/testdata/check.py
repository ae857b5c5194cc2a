"""Has ONNX's own checker look at each file named on standard input; one answer a line."""
import json
import sys

import onnx

for line in sys.stdin:
    try:
        onnx.checker.check_model(line.strip(), full_check=True)
        print("{}", flush=True)
    except Exception as e:  # every failure is an answer
        print(json.dumps({"error": str(e).replace("\n", " ")[:300]}), flush=True)
