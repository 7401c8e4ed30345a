#!/usr/bin/env bash
# Make lock.txt from lock.in, and lock-optional.txt from lock-optional.in: every package,
# at one version, with its hashes, for Linux x86-64 and Python 3.10 and 3.11. Needs uv
# (`pip install uv`).
#   bash requirements/lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")"

compile() {
    local name=$1
    shift
    uv pip compile "$name.in" \
        --universal --python-version 3.10 \
        --override overrides.txt \
        --fork-strategy fewest \
        --no-python-downloads \
        --generate-hashes \
        --custom-compile-command 'bash requirements/lock.sh' \
        --output-file "$name.txt" "$@"
}

compile lock "$@"
# The second is installed beside the first: it must fit it, and repeat nothing of it.
mapfile -t locked < <(sed -n 's/^\([^ =]*\)==.*/\1/p' lock.txt)
compile lock-optional --constraint lock.txt \
    "${locked[@]/#/--no-emit-package=}" "$@"
