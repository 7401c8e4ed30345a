#!/usr/bin/env bash
# Make lock.txt from lock.in: every package, at one version, with its hashes, for
# Linux x86-64 and Python 3.10 and 3.11. Needs uv (`pip install uv`).
#   bash requirements/lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")"

uv pip compile lock.in \
    --universal --python-version 3.10 \
    --override overrides.txt \
    --fork-strategy fewest \
    --no-python-downloads \
    --generate-hashes \
    --custom-compile-command 'bash requirements/lock.sh' \
    --output-file lock.txt "$@"
