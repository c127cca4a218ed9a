# For runs against other people's programs; sourced. Sets `run` (a folder of its own) and `pids` (killed at the end); the
# name of what runs stands before each message.
name="$(basename "$(dirname "$0")")"
run="$(mktemp -d)"
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$run"
}
trap finish EXIT
fail() { echo "$name: $*" >&2; exit 1; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
until_true() {  # WHAT COMMAND…
  local what="$1"
  shift
  for _ in $(seq 200); do
    if "$@"; then return; fi
    sleep 0.1
  done
  fail "waited 20 s for: $what"
}
