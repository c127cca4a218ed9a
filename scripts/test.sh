#!/bin/bash
# All tests that need nothing from outside: unit, golden, property, crash, end to end, then the fuzz targets.
# Everything runs even when something failed before, so that one run shows all; non-zero when anything did.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh build test

cmake --preset dev >/dev/null
cmake --build --preset dev
failed=0
broken=() unsteady=()
last_failed() { sed -n 's/^[0-9]*://p' build/dev/Testing/Temporary/LastTestsFailed.log; }

# A test that fails among the others is run again, alone. Failing twice fails the run; a test that passes the second time
# is named in the last lines, for a machine under load and a test with a fault look alike at first.
if ! ctest --preset dev; then
  mapfile -t first < <(last_failed)
  if ctest --preset dev -j1 --rerun-failed; then
    unsteady=("${first[@]}")
  else
    failed=1
    mapfile -t broken < <(last_failed)
    mapfile -t unsteady < <(printf '%s\n' "${first[@]}" | grep -vxFf <(printf '%s\n' "${broken[@]}"))
  fi
fi
scripts/fuzz.sh "${FUZZ_SECONDS:-5}" || failed=1
for name in "${unsteady[@]}"; do echo "test: unsteady, failed once and passed alone: $name" >&2; done
for name in "${broken[@]}"; do echo "test: failed twice: $name" >&2; done
if [ $failed -ne 0 ]; then echo "test: FAILED" >&2; else echo "test: all passed"; fi
exit $failed
