#!/bin/bash
# Runs the long forms of the fault tests and every fuzz target, and writes what they counted into docs/ASSURANCE.md.
#   scripts/assurance.sh [seconds per fuzz target, default 30]
# Needs some 20 minutes on two cores. The document stays as it is when anything failed, or something was not counted.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh build test
[ -n "${FIREBREAK_DUCKDB:-}" ] || scripts/duckdb.sh
cmake --preset dev >/dev/null
cmake --build --preset dev

counts=build/assurance
rm -rf "$counts"
mkdir -p "$counts"
nice -n 10 ctest --preset long
nice -n 10 scripts/fuzz.sh "${1:-30}" | tee "$counts/fuzz.txt"
{
  echo "tests $(ctest --preset dev -N | sed -n 's/^Total Tests: //p')"
  echo "long_tests $(ctest --preset long -N | sed -n 's/^Total Tests: //p')"
  echo "cores $(nproc)"
  echo "commit $(git rev-parse --short=10 HEAD)"
  echo "day $(date -u +%Y-%m-%d)"
} >"$counts/run.txt"
python3 scripts/assurance_table.py "$counts" docs/ASSURANCE.md
