"""strangers_summary.py STUDIO FOLDER PRECISION TARGETS [NETWORK...]: converts the folder's networks and prints one line for each,
with the reason of each target that does not match. The exit status is 1 where a verdict is a mismatch: a network that a target
cannot hold ends in findings, which are told and no fault."""
import glob
import json
import os
import subprocess
import sys
import tempfile


def told(result):
    """What speaks against a result, None where it matches or nothing here could check it."""
    verdict = result["verify"]["verdict"]
    if result["ok"] and verdict in ("match", "not-run"):
        return None
    errors = [f["text"] for f in result["findings"] if f["severity"] == "error"]
    why = result["verify"]["why"] if verdict in ("drift", "mismatch") else "; ".join(errors[:2]) + (f" (and {len(errors) - 2} more)" if len(errors) > 2 else "")
    return f"{result['target']}: {verdict if result['verify']['runtime'] else 'not written'}, {why}"


def main():
    studio, folder, precision, targets, *asked = sys.argv[1:]
    wrong = 0
    for model in sorted(glob.glob(os.path.join(folder, "*.onnx"))):
        name = os.path.basename(model)[: -len(".onnx")]
        if asked and name not in asked:
            continue
        with tempfile.TemporaryDirectory() as out:
            command = [studio, "convert", model, "--to", targets, "--precision", precision, "-o", out, "--json"]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        results = json.loads(done.stdout)["results"]
        lines = [line for line in map(told, results) if line]
        wrong += sum(r["verify"]["verdict"] == "mismatch" for r in results)
        print(f"{name}: {len(results) - len(lines)} of {len(results)}", *lines, sep="\n    ", flush=True)
    sys.exit(f"{wrong} mismatches" if wrong else 0)


if __name__ == "__main__":
    main()
