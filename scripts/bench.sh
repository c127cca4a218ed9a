#!/bin/bash
# Builds the benchmarks in the release preset and runs them; each prints JSON, kept in build/bench/<name>.json.
#   scripts/bench.sh [name ...]
#   scripts/bench.sh peers [passes]    beside whylogs, Evidently and river from PyPI: bench/peers/run.sh
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = peers ]; then exec bench/peers/run.sh "${@:2}"; fi
scripts/deps.sh build bench
cmake --preset release >/dev/null
cmake --build --preset release
cmake --build --preset release --target benches
mkdir -p build/bench
# By source, so that a removed benchmark does not run from an old binary.
[ $# -gt 0 ] || mapfile -t names < <(find src bench -name '*_bench.cc' -printf '%f\n' | sed 's/\.cc$//' | sort)
[ $# -eq 0 ] || names=("$@")
for name in "${names[@]}"; do
  echo "bench: $name"
  "build/release/bin/bench/$name" --benchmark_format=json | tee "build/bench/$name.json"
done
