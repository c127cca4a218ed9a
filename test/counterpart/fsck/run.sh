#!/bin/bash
# Exports every log of the demo's data folders and lets Tessera's fsck judge it, then damages a copy and expects a no.
#   FIREBREAK_DATA=DIR test/counterpart/fsck/run.sh    another data folder than those of build/demo
# Exit 77: nothing to check yet.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here=test/counterpart/fsck
work=build/counterpart/fsck
firebreak=build/release/bin/firebreak

if [ -n "${FIREBREAK_DATA:-}" ]; then
  folders=("$FIREBREAK_DATA")
else
  mapfile -t folders < <(find build/demo -name FORMAT -printf '%h\n' 2>/dev/null | sort)
fi
if [ ${#folders[@]} -eq 0 ] || [ ! -x $firebreak ]; then
  echo "fsck: no data folder under build/demo; run make demo first"
  exit 77
fi

mkdir -p $work
code=0
$here/build.sh "$work/fsck" || code=$?
[ $code -eq 0 ] || exit $code

rm -rf $work/export
for folder in "${folders[@]}"; do
  $firebreak ledger export --data "$folder" --out "$work/export/$(basename "$folder")"
done
mapfile -t logs < <(find $work/export -name checkpoint -printf '%h\n' | sort)
if [ ${#logs[@]} -eq 0 ]; then
  echo "fsck: the export holds no log" >&2
  exit 1
fi
for log in "${logs[@]}"; do $work/fsck "$log"; done

# A checker that says yes to everything would have passed so far.
damaged=$work/damaged
rm -rf $damaged
cp -r "${logs[0]}" $damaged
entries="$(find $damaged/tile/entries -type f | sort | sed -n 1p)"
byte="$(od -An -tu1 -j2 -N1 "$entries" | tr -d ' ')"
printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$entries" bs=1 seek=2 conv=notrunc status=none
if $work/fsck $damaged 2>/dev/null; then
  echo "fsck: accepted a log with a flipped bit" >&2
  exit 1
fi
echo "fsck: ${#logs[@]} logs accepted, a flipped bit refused"
