#!/bin/bash
# All tests that need nothing from outside: unit, golden, property, crash, end to end, then the fuzz targets.
# Everything runs even when something failed before, so that one run shows all; non-zero when anything did.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh build test

cmake --preset dev >/dev/null
cmake --build --preset dev
failed=0
ctest --preset dev || failed=1
scripts/fuzz.sh "${FUZZ_SECONDS:-5}" || failed=1
if [ $failed -ne 0 ]; then echo "test: FAILED" >&2; else echo "test: all passed"; fi
exit $failed
