#!/usr/bin/env bash
# Train a small classroom on the CPU, in an environment that the first call installs:
#   bash tools/demo.sh [digits | pose] [other arguments of tools/demo/demo.py]
# --no-venv uses the active environment.
set -euo pipefail
# shellcheck source=tools/_env.sh
source "$(dirname "$0")/_env.sh"
use_environment "$@"

exec "$python" "$root/tools/demo/demo.py" "${arguments[@]}"
