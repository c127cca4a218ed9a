# For runs against other people's programs; sourced. Sets `run` (a folder of its own) and `pids` (killed at the end); the
# name of what runs stands before each message.
name="$(basename "$(dirname "$0")")"
run="$(mktemp -d)"
pids=()
# A process that is ending still writes into its folder: it is waited for, ten seconds at most.
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [ ${#pids[@]} -gt 0 ]; then
    (sleep 10; kill -9 "${pids[@]}" 2>/dev/null) &
    local late=$!
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    kill "$late" 2>/dev/null || true
  fi
  rm -rf "$run"
}
trap finish EXIT
fail() { echo "$name: $*" >&2; exit 1; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
until_true() {  # WHAT COMMAND…; waits `patience` seconds at most
  local what="$1" most="${patience:-20}"
  shift
  for _ in $(seq $((most * 10))); do
    if "$@"; then return; fi
    sleep 0.1
  done
  fail "waited $most s for: $what"
}
# A server of $firebreak in $run/data: sets url and token; api is curl with that token.
start_firebreak_alone() {
  url="http://127.0.0.1:$(free_port)"
  token="$run/data/admin.token"
  "$firebreak" serve --data "$run/data" --listen "${url#http://}" >"$run/log" 2>&1 &
  pids+=($!)
  until_true "the server" curl -fs -o /dev/null "$url/healthz"
}
api() { curl -fsS -H "Authorization: Bearer $(cat "$token")" "$@"; }
