#!/bin/bash
# Builds the checker: test/counterpart/fsck/build.sh OUT    INSTALL=0: exit 77 instead of installing Go
set -euo pipefail
out="$(realpath -m "$1")"
cd "$(dirname "$0")/../../.."
. test/counterpart/go.sh
(cd test/counterpart/fsck && "$go" build -mod=readonly -buildvcs=false -o "$out" .)
