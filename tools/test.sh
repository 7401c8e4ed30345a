#!/usr/bin/env bash
echo 'tools/test.sh is deprecated: use tools/run_tests.sh instead.' >&2
exec bash "$(dirname "$0")/run_tests.sh" "$@"
