#!/bin/bash
# Builds the fuzz preset and runs every fuzz target: scripts/fuzz.sh [seconds per target, default 5]
# Seeds: test/fuzz/corpus/<target>/. New inputs, logs and crashes go to build/fuzz/{corpus,log,crash}/<target>.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-5}"

# By source, not by what lies in build/: a removed target must not run from an old binary.
mapfile -t targets < <(find src -name '*_fuzz.cc' -printf '%f\n' | sed 's/\.cc$//' | sort)
if [ ${#targets[@]} -eq 0 ]; then
  echo "fuzz: no fuzz targets"
  exit 0
fi
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz

# Kernels with 32 bits of address randomness make this sanitizer loop for ever; run without it where allowed.
run=()
if setarch -R true 2>/dev/null; then run=(setarch -R); fi

fuzz_one() {
  local target="$1" seconds="$2"
  shift 2
  local log="build/fuzz/log/$target" crash="build/fuzz/crash/$target/" seeds="test/fuzz/corpus/$target"
  mkdir -p "build/fuzz/corpus/$target" "$crash" build/fuzz/log
  local folders=("build/fuzz/corpus/$target")
  if [ -d "$seeds" ]; then folders+=("$seeds"); fi
  if timeout -k 5 $((seconds + 30)) "$@" "build/fuzz/bin/fuzz/$target" -max_total_time="$seconds" -timeout=10 \
      -rss_limit_mb=2048 -artifact_prefix="$crash" "${folders[@]}" 2>&1 | head -c 4000000 >"$log"; then
    echo "fuzz: $target: $(grep -a '^Done' "$log" || echo 'no summary')"
  else
    echo "fuzz: $target FAILED; input in $crash"
    tail -40 "$log"
    return 1
  fi
}
export -f fuzz_one
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -o pipefail -c 'fuzz_one "$@"' fuzz {} "$seconds" "${run[@]}"
