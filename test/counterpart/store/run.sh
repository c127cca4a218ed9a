#!/bin/bash
# Two real S3 servers: SeaweedFS, which keeps its locks, and versitygw, which lets an owner shorten COMPLIANCE retention. Our client
# writes to both, reads back what it wrote, and finds out which of them is immutable.
#   FIREBREAK_BUILD=build/dev test/counterpart/store/run.sh    another build
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/store"
work="$PWD/build/counterpart/store"
build="${FIREBREAK_BUILD:-build/dev}"
for program in curl python3; do
  command -v $program >/dev/null || { echo "store: there is no $program here"; exit 77; }
done
[ "$(uname -m)" = x86_64 ] || { echo "store: the locked server is for x86_64"; exit 77; }
[ -x "$build/bin/test/counterpart_test" ] || { echo "store: no $build/bin/test/counterpart_test; run scripts/test_integration.sh"; exit 77; }
python3 -m pip --version >/dev/null 2>&1 || scripts/deps.sh pip
mkdir -p "$work"
. test/counterpart/go.sh
. test/counterpart/common.sh
. "$here/servers.sh"
install_seaweed

client() { "$build/bin/test/counterpart_test" --gtest_brief=1 --gtest_filter='RealStore.*'; }
export FIREBREAK_STORE_BUCKET=evidence

start_seaweed "$run/seaweed"
FIREBREAK_STORE_URL="$seaweed_url" FIREBREAK_STORE_KEY=writer FIREBREAK_STORE_SECRET=writer-secret FIREBREAK_STORE_KEEPS=1 client
# Whoever may do everything cannot do it either.
FIREBREAK_STORE_URL="$seaweed_url" FIREBREAK_STORE_KEY=admin FIREBREAK_STORE_SECRET=admin-secret FIREBREAK_STORE_KEEPS=1 client
echo "store: SeaweedFS keeps what it is told to keep"

if [ "$("$go" env GOVERSION | sed -E 's/go1\.([0-9]+).*/\1/')" -lt 25 ]; then
  echo "store: versitygw needs Go 1.25; what gives way is shown by the room's own tests alone"
  exit 0
fi
(cd "$here" && "$go" build -mod=readonly -buildvcs=false -o "$work/versitygw" github.com/versity/versitygw/cmd/versitygw)
start_versitygw "$work/gateway-data.$$"
pids_folder="$work/gateway-data.$$"
trap 'finish; rm -rf "$pids_folder"' EXIT
FIREBREAK_STORE_URL="$gateway_url" FIREBREAK_STORE_KEY=owner FIREBREAK_STORE_SECRET=owner-secret FIREBREAK_STORE_KEEPS=0 client
echo "store: versitygw gives way, and is found"
