#!/bin/bash
# Plays the fraud story on this machine: model server, firebreak serve, firebreak gateway, and the player.
#
#   story.sh demo   head-less, in a fresh build/demo; exit code 0 only when every stage reached its state
#   story.sh run    with people: waits 120 s for each of their steps, then serves until Ctrl-C (data in build/run;
#                   a second start serves the finished story, FRESH=1 plays it anew)
#                   AUTO=1 waits for nobody, AUTO=0 waits for ever, PATIENCE=seconds
#   story.sh tour   as run, anew in build/tour and on free ports: for the test that walks through it in a browser
set -euo pipefail
main() { # read whole before it runs: the file may be edited while a story plays
cd "$(dirname "$0")/../.."
mode="${1:?usage: story.sh run|demo|tour}"
bin=${FIREBREAK_BIN:-build/release/bin}
out=build/$mode
data=$out/data
state=$out/player
gateway=$out/gateway
logs=$out/logs
story=examples/fraud

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_ports() { # the first of four that nobody listens on, below those that the kernel gives to outgoing connections
  local first
  for _ in $(seq 100); do
    first=$((20000 + RANDOM % 3000 * 4))
    is_taken $first || is_taken $((first + 1)) || is_taken $((first + 2)) || is_taken $((first + 3)) || { echo $first; return; }
  done
  echo "story: no free ports" >&2
  return 1
}
if [ "$mode" != run ]; then
  server_port=$(free_ports)
  gateway_port=$((server_port + 1)) control_port=$((server_port + 2)) model_port=$((server_port + 3))
else
  server_port=8440 gateway_port=8441 control_port=8442 model_port=9440
  for port in $server_port $gateway_port $control_port $model_port; do # before anything of a running story is touched
    if is_taken "$port"; then
      echo "story: 127.0.0.1:$port is taken; does the story run already?" >&2
      exit 1
    fi
  done
fi
server=http://127.0.0.1:$server_port

[ "$mode" != run ] && rm -rf "$out"
[ -n "${FRESH:-}" ] && rm -rf "$out"
if [ -e "$data/FORMAT" ] && [ ! -f "$out/report.json" ]; then
  echo "story: the last one was broken off before its end; it begins anew" # its clock cannot go back to where it was
  rm -rf "$out"
fi
mkdir -p "$data" "$state" "$gateway" "$logs"

pids=()
stop_all() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# start NAME COMMAND…: in the background; returns when it has printed its ready line.
start() {
  local name=$1
  shift
  : >"$logs/$name.out"
  "$@" >"$logs/$name.out" 2>"$logs/$name.err" &
  pids+=($!)
  for _ in $(seq 600); do
    grep -q listen "$logs/$name.out" && return
    if ! kill -0 "${pids[-1]}" 2>/dev/null; then
      echo "story: $name did not start:" >&2
      cat "$logs/$name.err" >&2
      return 1
    fi
    sleep 0.05 # between two looks at a process that is starting
  done
  echo "story: $name is not ready after 30 s; see $logs/$name.err" >&2
  return 1
}

"$bin/fraud_player" --prepare --state "$state"
config=$out/firebreak.yaml
sed -e "s#\.\./\.\./content#$PWD/content#" -e "s#127\.0\.0\.1:8442#127.0.0.1:$control_port#" \
  $story/firebreak.yaml >"$config"

start model_server "$bin/model_server" --listen 127.0.0.1:$model_port $story/data/credit_releases/model_*.json
start gateway "$bin/firebreak" gateway --name gw-1 --data "$gateway" --listen 127.0.0.1:$gateway_port \
  --control 127.0.0.1:$control_port --control-token-file "$data/gateway-control.token" \
  --server $server --server-token-file "$state/gateway.token" --pepper-file "$gateway/caller.pepper" --clock fed
start server "$bin/firebreak" serve --data "$data" --config "$config" --listen 127.0.0.1:$server_port --clock fed
server_pid=${pids[-1]}

export FIREBREAK_URL=$server
admin() { FIREBREAK_TOKEN=$(cat "$data/admin.token") "$bin/firebreak" "$@"; }

finished() { [ -f "$out/report.json" ]; }

# stage NAME COMMAND…: a stage after the player's, reached when the command says so; the last line it printed is its proof.
stage() {
  local name=$1 log="$logs/${1// /-}.out"
  shift
  if "$@" >"$log" 2>&1; then
    printf '  [x] %-20s %s\n' "$name" "$(tail -1 "$log")"
  else
    printf '  [ ] %-20s %s\n' "$name" "see $log: $(tail -1 "$log")"
    code=1
  fi
}

# What visitors need to find the story: try.sh reads it, and the test that takes the tour's pictures.
sign_in_link() { # USER
  admin sign-in "$1" 2>"$logs/sign-in.err" || { cat "$logs/sign-in.err" >&2; return 1; }
}
(
  umask 077
  cat >"$state/story.env" <<ENV
server=$server
gateway=http://127.0.0.1:$gateway_port
models=http://127.0.0.1:$model_port
data=$data
pepper=$gateway/caller.pepper
ENV
)

patience=0
if [ "$mode" != demo ]; then
  "$bin/fraud_player" --people --server $server --server-data "$data" --state "$state"
  case "${AUTO:-}" in
    1) patience=0 ;;
    0) patience=-1 ;;
    *) patience=${PATIENCE:-120} ;;
  esac
  analyst_link=$(sign_in_link ana)
  approver_link=$(sign_in_link ben)
  (umask 077 && printf '{"ana":"%s","ben":"%s"}\n' "$analyst_link" "$approver_link" >"$state/links.json")
  cat <<TEXT

Firebreak is up. Two people are needed; each link signs in once (another: $bin/firebreak sign-in ana --data $data):
  analyst  ana   $analyst_link
  approver ben   $approver_link
On the command line the same people are
  export FIREBREAK_URL=$server FIREBREAK_TOKEN=\$(cat $state/ana.token)      or ben.token
TEXT
  case $patience in
    -1) waits="waits until somebody takes it" ;;
    0) waits="is taken by a scripted person at once, marked as such" ;;
    *) waits="waits $patience s, then a scripted person takes it, marked as such" ;;
  esac
  finished || echo "Each step of a person is printed with its command when it is due; the clock is held meanwhile. It $waits."
fi

code=0
if ! finished; then
  "$bin/fraud_player" --server $server --gateway http://127.0.0.1:$gateway_port --models http://127.0.0.1:$model_port \
    --server-data "$data" --pepper "$gateway/caller.pepper" --data $story/data --state "$state" \
    --patience "$patience" --client "$bin/firebreak" &
  pids+=($!)
  wait $! || code=$? # not in the foreground: there a signal would wait for its end
  incident=$(sed -n 's/.*"incident": "\(inc-[0-9]*\)".*/\1/p' "$state/player.json" 2>"$logs/player.err" | head -1) || true
  if [ -n "$incident" ]; then
    stage "report written" admin report "$incident" --out "$out" --player "$state/player.json"
    rm -rf "$out/evidence"
    stage "bundle exported" admin evidence export "$incident" --data "$data" --out "$out/evidence" --report "$out"
    stage "bundle verified" "$bin/firebreak" evidence verify "$out/evidence"
  else
    echo "story: no incident was opened" >&2
    code=1
  fi
  stage "ledger verified" "$bin/firebreak" ledger verify --data "$data"
fi

if [ "$mode" != demo ]; then
  if [ $code -ne 0 ]; then
    echo "story: not every stage was reached (code $code); what there is can be looked at." >&2
  fi
  cat <<TEXT

Served at $server/ until Ctrl-C. Report: $out/report.html. Play it anew: FRESH=1 make run
Your own endpoint, without anything in its way (tap mode), in three commands:
  export FIREBREAK_URL=$server FIREBREAK_TOKEN=\$(cat $data/admin.token)
  $bin/firebreak onboard NAME
  $bin/firebreak ingest --endpoint NAME FILE
  $bin/firebreak status
TEXT
  wait "$server_pid"
fi
if [ $code -eq 0 ]; then
  echo "story: every stage reached its state; report in $out/report.html, evidence in $out/evidence"
fi
exit $code
}
main "$@"
