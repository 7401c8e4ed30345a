#!/usr/bin/env bash
# Check style and docstrings, and run all tests, in an environment that the first call
# installs:
#   bash tools/run_tests.sh
# At the end, run the tests for timm and Hugging Face with these packages.
# With arguments for pytest, run only the tests that these select, without the checks:
#   bash tools/run_tests.sh tests/test_compat -k operator
# --no-venv uses the active environment, and skips tests whose packages are missing.
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

# Do not stop at a failure, so that one run shows all of them.
status=0
"$python" -m ruff check . || status=$?
"$python" -m ruff format --check . || status=$?
"$python" -m interrogate --quiet classroomkd_mm tools || status=$?
[ $status -eq 0 ] || echo 'The checks above failed; the tests follow.'
"$python" -m pytest -n 2 || status=$?
if $in_venv; then
    # The tests skipped above. With `-m optional`, a missing package is a failure.
    PYTHONPATH=$optional${PYTHONPATH:+:$PYTHONPATH} \
        "$python" -m pytest -m optional || status=$?
fi
exit $status
