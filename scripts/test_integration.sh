#!/bin/bash
# Tests against other people's software: the gtest suite of test/counterpart, each test/counterpart/<name>/run.sh, and
# those of whole surroundings (browser, package, a story with other people's servers). A run.sh installs what it needs (version-locked) and says 77 when it
# cannot run here.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh build test
cmake --preset dev >/dev/null
cmake --build --preset dev

failed=0
ctest --preset counterpart || failed=1
for run in test/counterpart/*/run.sh test/package/run.sh test/browser/run.sh examples/recommender/run.sh; do
  [ -e "$run" ] || continue
  echo "integration: $run"
  code=0
  "$run" || code=$?
  case $code in
    0) echo "integration: $run passed" ;;
    77) echo "integration: $run skipped" ;;
    *) echo "integration: $run FAILED ($code)" >&2; failed=1 ;;
  esac
done
exit $failed
