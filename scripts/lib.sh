# Sourced by the other scripts: names of places and two ways to speak.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache
mkdir -p "$cache"
# The Python package of ONNX Runtime, which the tests ask as a second reader, reports home otherwise.
export ORT_DISABLE_TELEMETRY=1

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
