"""Makes assets/samples/photos*: photographs free to redistribute, cut down to small JPEG files.

The pictures come out of three published packages, each checked by its hash: scikit-image and SciPy (wheels), whose
documentation states author and licence, and lomiri-wallpapers-16.04 (Debian), whose copyright file states them file
by file. NOTICE repeats those statements. Run with a Python that has Pillow and numpy, on Debian 12:

    python scripts/make_photos.py assets/samples
"""

import bz2
import hashlib
import io
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
from PIL import Image

PACKAGES = {
    "scikit-image": "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    "scipy": "abaf921531b5aeaafced90157db505e10345e45038c39e5d9b6c7922d68085cb",
    "lomiri": "a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab",
}

# Folder of the result, its file name, the package, the picture inside it. A labelled folder is named after the
# ImageNet class (index in labels_1000.txt, first word of its name).
PICTURES = [
    ("photos/219_cocker_spaniel", "friends", "lomiri", "friends_by_Aitzol_Berasategi.jpg"),
    ("photos/282_tiger_cat", "chelsea", "scikit-image", "chelsea.png"),
    ("photos/541_drum", "wine", "lomiri", "Wine_by_Jakkub_Mede.jpg"),
    ("photos/696_paintbrush", "brushes", "lomiri", "Picture_1A_by_freespace.jpg"),
    ("photos/872_tripod", "camera", "scikit-image", "camera.png"),
    ("photos/952_fig", "fig", "lomiri", "Picture_0B_by_freespace.jpg"),
    ("photos/967_espresso", "coffee", "scikit-image", "coffee.png"),
    ("photos/970_alp", "aitzgorri", "lomiri", "aitzgorri_by_Aitzol_Berasategi.jpg"),
    ("photos/970_alp", "picos_de_europa", "lomiri", "picosdeeuropa_by_Aitzol_Berasategi.jpg"),
    ("photos-unlabelled", "astronaut", "scikit-image", "astronaut.png"),
    ("photos-unlabelled", "brick", "scikit-image", "brick.png"),
    ("photos-unlabelled", "dandelion", "lomiri", "seeding_by_Clements_Engelhardt.jpg"),
    ("photos-unlabelled", "hubble", "scikit-image", "hubble_deep_field.jpg"),
    ("photos-unlabelled", "raccoon", "scipy", "scipy/misc/face.dat"),
    ("photos-unlabelled", "rocket", "scikit-image", "rocket.jpg"),
]

LONG_SIDE = 512


def fetch(folder):
    """Downloads the packages into folder and returns their bytes by name."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder,
           "--implementation", "cp", "--python-version", "311", "--abi", "cp311", "--platform", "manylinux_2_28_x86_64",
           "--platform", "manylinux2014_x86_64"]
    subprocess.run(pip + ["scikit-image==0.26.0"], check=True)
    subprocess.run(pip + ["scipy==1.9.3"], check=True)
    subprocess.run(["apt-get", "download", "-q", "lomiri-wallpapers-16.04"], check=True, cwd=folder)
    out = {}
    for name, glob in (("scikit-image", "scikit_image*"), ("scipy", "scipy*"), ("lomiri", "lomiri*")):
        (path,) = pathlib.Path(folder).glob(glob)
        out[name] = path.read_bytes()
        got = hashlib.sha256(out[name]).hexdigest()
        if got != PACKAGES[name]:
            sys.exit(f"{path.name}: SHA-256 is {got}, expected {PACKAGES[name]}")
    return out


def wallpapers(deb, folder):
    """Unpacks a lomiri-wallpapers package and returns the folder of its pictures."""
    path = pathlib.Path(folder) / "lomiri.deb"
    path.write_bytes(deb)
    root = pathlib.Path(folder) / "lomiri"
    subprocess.run(["dpkg", "-x", path, root], check=True)
    return root / "usr/share/backgrounds"


def picture(packages, shelf, package, inner):
    if package == "scikit-image":
        wheel = zipfile.ZipFile(io.BytesIO(packages[package]))
        return Image.open(io.BytesIO(wheel.read("skimage/data/" + inner)))
    if package == "scipy":
        raw = bz2.decompress(zipfile.ZipFile(io.BytesIO(packages[package])).read(inner))
        return Image.fromarray(np.frombuffer(raw, np.uint8).reshape(768, 1024, 3))
    return Image.open(shelf / inner)


def main():
    out = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        packages = fetch(folder)
        shelf = wallpapers(packages["lomiri"], folder)
        for where, name, package, inner in PICTURES:
            image = picture(packages, shelf, package, inner)
            image = image.convert("RGB")
            image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
            target = out / where / f"{name}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            image.save(target, quality=90, optimize=True)
            print(f"{target} {image.size[0]}x{image.size[1]} {target.stat().st_size}")


main()
