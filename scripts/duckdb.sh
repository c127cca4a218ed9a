#!/bin/bash
# Fetches the DuckDB library that packaging/duckdb/package-lock.json names into build/duckdb; quiet and quick when it is there.
# The program checks the file's SHA-256 again before it opens it (src/read/archive/duckdb.h).
#   scripts/duckdb.sh --path     also prints where it is
set -euo pipefail
cd "$(dirname "$0")/.."
tools=build/duckdb
library=$tools/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so
if [ "$(uname -m)" != x86_64 ]; then
  echo "duckdb: only for x86_64 here; name a libduckdb.so of this version in FIREBREAK_DUCKDB" >&2
  exit 1
fi
if [ ! -f "$library" ] || ! cmp -s packaging/duckdb/package-lock.json "$tools/package-lock.json"; then
  command -v npm >/dev/null || scripts/deps.sh npm
  mkdir -p "$tools"
  cp packaging/duckdb/package.json packaging/duckdb/package-lock.json packaging/duckdb/.npmrc "$tools/"
  echo "duckdb: fetching the library (25 MB)"
  (cd "$tools" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >npm.log)
fi
[ "${1:-}" != --path ] || echo "$PWD/$library"
