#!/usr/bin/env bash
# Check style and docstrings, and run all tests, in an environment that is made at the
# first call:
#   bash tools/test.sh
# The tests of timm and Hugging Face run again at the end, with these packages.
# Or run tests as pytest's arguments say, and nothing else:
#   bash tools/test.sh tests/test_compat.py -k operator
# --no-venv uses the active environment, and the tests of packages that it lacks skip.
set -euo pipefail
# shellcheck source=tools/_env.sh
source "$(dirname "$0")/_env.sh"
use_environment "$@"
cd "$root"
export OMP_NUM_THREADS=1

if [ ${#arguments[@]} -gt 0 ]; then
    exec "$python" -m pytest "${arguments[@]}"
fi
if $in_venv; then
    install_optional
fi

# Whatever fails, go on: one run shows all there is to mend, the tests last.
status=0
"$python" -m ruff check . || status=$?
"$python" -m ruff format --check . || status=$?
"$python" -m interrogate --quiet classroomkd_mm tools || status=$?
[ $status -eq 0 ] || echo 'The checks above failed; the tests follow.'
"$python" -m pytest -n 2 || status=$?
if $in_venv; then
    # What was skipped above; `-m optional` lets it fail where a package is missing.
    PYTHONPATH=$optional${PYTHONPATH:+:$PYTHONPATH} \
        "$python" -m pytest -m optional || status=$?
fi
exit $status
