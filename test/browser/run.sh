#!/bin/bash
# Walks through the fraud story in a real browser as two people, checks accessibility, and takes the tour's pictures.
#
#   run.sh            pictures land in build/tour/pictures
#   run.sh --keep     … and replace those of docs/tour
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/deps.sh build browser
command -v npm >/dev/null || scripts/deps.sh npm
make --no-print-directory build

tools=build/browser
mkdir -p "$tools"
cp test/browser/package.json test/browser/package-lock.json "$tools/"
(cd "$tools" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
cp test/browser/*.mjs "$tools/"

rm -rf build/tour
log=build/tour.log
PATIENCE=${PATIENCE:-150} examples/fraud/story.sh tour >"$log" 2>&1 &
story=$!
trap 'kill $story 2>/dev/null || true; wait 2>/dev/null || true' EXIT
for _ in $(seq 600); do
  [ -f build/tour/player/links.json ] && break
  if ! kill -0 $story 2>/dev/null; then
    cat "$log" >&2
    exit 1
  fi
  sleep 0.1 # between two looks at a story that is starting
done

pictures=build/tour/pictures
mkdir -p "$pictures"
code=0
node "$tools/tour.mjs" --links build/tour/player/links.json --log "$log" --pictures "$pictures" || code=$?
if [ $code -ne 0 ]; then
  echo "browser: the story's own words:" >&2
  tail -40 "$log" >&2
elif [ "${1:-}" = --keep ]; then
  mkdir -p docs/tour
  cp "$pictures"/*.png docs/tour/
fi
exit $code
