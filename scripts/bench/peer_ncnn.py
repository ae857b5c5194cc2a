"""peer_ncnn.py MODEL.param RESULT.param CALIBRATION METHOD: ncnn's own static int8 of a float model: ncnn2table (METHOD kl, aciq or eq)
on the .npy or .npz inputs of a folder, then ncnn2int8. No package has the two: STUDIO_NCNN_TOOLS names the folder with them, built from
ncnn's source with -DNCNN_BUILD_TOOLS=ON."""
import glob
import os
import subprocess
import sys
import tempfile

import numpy as np

TOOLS = os.environ.get("STUDIO_NCNN_TOOLS", "")


def call(tool, *arguments):
    p = subprocess.run([os.path.join(TOOLS, tool), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if p.returncode:
        raise SystemExit(f"{tool} failed ({p.returncode}): {p.stdout.strip().splitlines()[-1:]}")


def weights(param):
    return param.removesuffix(".param") + ".bin"


def table(model, folder, method, scratch):
    """The table of scales, of inputs without their batch."""
    files = []
    for i, path in enumerate(sorted(glob.glob(os.path.join(folder, "*.np[yz]")))):
        x = np.load(path)
        if path.endswith(".npz"):
            if len(x.files) > 1:
                raise SystemExit("it has several inputs, of which ncnn2table reads floats alone")
            x = x[x.files[0]]
        files.append(os.path.join(scratch, f"{i}.npy"))
        np.save(files[-1], np.ascontiguousarray(x[0], np.float32))
    inputs, scales = os.path.join(scratch, "inputs.txt"), os.path.join(scratch, "scales.table")
    with open(inputs, "w") as f:
        f.write("\n".join(files))
    shape = ",".join(str(n) for n in x.shape[:0:-1])
    call("ncnn2table", model, weights(model), inputs, scales, f"shape=[{shape}]", f"method={method}", "type=1", "thread=2")
    return scales


if __name__ == "__main__":
    model, result, folder, method = sys.argv[1:5]
    with tempfile.TemporaryDirectory() as scratch:
        call("ncnn2int8", model, weights(model), result, weights(result), table(model, folder, method, scratch))
