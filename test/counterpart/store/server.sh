# A Firebreak server whose copy goes to a store of servers.sh; sourced behind it.
configure() {  # URL KEY SECRET
  (umask 077 && echo "$3" >"$run/store.secret")
  cat >"$run/firebreak.yaml" <<YAML
store: {url: '$1', bucket: evidence, access_key_id: $2, secret_file: store.secret, prefix: prod, retention_days: 30, interval_s: 0.3, test_interval_s: 2, missing_s: 2}
YAML
}
start_firebreak() {
  url="http://127.0.0.1:$(free_port)"
  "$firebreak" serve --data "$data" --config "$run/firebreak.yaml" --listen "${url#http://}" >"$work/firebreak.out" 2>"$work/firebreak.err" &
  server=$!
  pids+=("$server")
  until_true "the server" curl -sf -o /dev/null "$url/healthz"
}
stop_firebreak() { kill "$server"; wait "$server" || true; }
api() { curl -sf -H "Authorization: Bearer $(cat "$data/admin.token")" "$@"; }
make_stream() { api -o /dev/null -X PUT -H 'Content-Type: application/json' -d '{"kinds":["inference"],"fields":{"x":{"keep":"encrypt"}}}' "$url/api/v1/streams/s"; }
add() {  # N WORD
  for i in $(seq "$1"); do
    echo "{\"id\":\"$2-$i\",\"time\":\"2026-03-07T03:00:00Z\",\"caller\":\"c\",\"features\":{\"x\":$i}}"
  done | api -o "$run/receipt-$2.json" -H 'Content-Type: application/x-ndjson' --data-binary @- "$url/api/v1/streams/s/records" || fail "the batch '$2' was not taken"
}
status() { "$firebreak" status "$@" --url "$url" --data "$data"; }
offsite_is() {  # PYTHON: holds of the status' part `o`
  status --json | python3 -c 'import json, sys; o = json.load(sys.stdin)["offsite"]; sys.exit(not ('"$1"'))'
}
all_there() { offsite_is 'o["state"] == "ok" and o["lag_octets"] == 0'; }
# Entries of log s in the bucket: what the name of its newest checkpoint says, but for the one that run.sh puts there as a stranger.
there() {  # URL KEY:SECRET
  s3 "$2" "$1/evidence?prefix=prod%2Flogs%2Fs%2Fcheckpoints%2F&versions=" | grep -oE 'checkpoints/[0-9]{20}' | grep -v 9999 | sort | tail -1 | sed 's|.*/0*||'
}
has() { local size; size="$(there "$2" "$3")"; [ "${size:-0}" -ge "$1" ]; }  # N URL KEY:SECRET
