#!/usr/bin/env bash
echo 'tools/test.sh is now tools/run_tests.sh, and will be removed.' >&2
exec bash "$(dirname "$0")/run_tests.sh" "$@"
