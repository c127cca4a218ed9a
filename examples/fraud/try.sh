#!/bin/bash
# What a visitor can do to the story that `make run` plays:
#
#   try.sh attack     the live attacker goes at ten targets; before and after containment
#   try.sh sabotage   1.2.0 fails while it takes canary traffic; Firebreak takes it back by itself
#   try.sh tamper     changes one octet in a copy of the logs and lets 'ledger verify' find it
set -euo pipefail
cd "$(dirname "$0")/../.."
what="${1:?usage: try.sh attack|sabotage|tamper}"
bin=${FIREBREAK_BIN:-build/release/bin}
out=${STORY:-build/run}
if [ ! -f "$out/player/story.env" ]; then
  echo "try: no story in $out; start it with: make run" >&2
  exit 1
fi
. "$out/player/story.env"

player() {
  "$bin/fraud_player" "$@" --server "$server" --gateway "$gateway" --models "$models" --server-data "$data" \
    --pepper "$pepper" --data examples/fraud/data --state "$out/player"
}

# One octet in the middle of what is written, read and put back with its lowest bit turned.
flip() {
  local file=$1 offset=$2 before after
  before=$(od -An -tu1 -j "$offset" -N 1 "$file" | tr -d ' ')
  after=$((before ^ 1))
  printf "\\x$(printf %02x $after)" | dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
  printf 'tamper: octet %d of %s: %02x is %02x now\n' "$offset" "$file" "$before" "$after"
}

tamper() {
  local copy=$out/tampered
  rm -rf "$copy"
  mkdir -p "$copy"
  cp -r "$data/logs" "$data/keys" "$data/FORMAT" "$copy/"
  local segment=$copy/logs/fraud-api/000001.seg
  flip "$segment" $(($(stat -c %s "$segment") / 2))
  echo "tamper: firebreak ledger verify --data $copy"
  if "$bin/firebreak" ledger verify --data "$copy"; then
    echo "tamper: this change was not found; please report it" >&2
    exit 1
  fi
  echo "tamper: and the logs themselves, untouched: firebreak ledger verify --data $data"
  "$bin/firebreak" ledger verify --data "$data"
}

case $what in
  attack) player --attack ;;
  sabotage) player --sabotage ;;
  tamper) tamper ;;
  *) echo "usage: try.sh attack|sabotage|tamper" >&2 && exit 2 ;;
esac
