#!/bin/bash
# Installs what scripts/packages.lock asks for, saying first what, how much and that it needs root.
#   scripts/deps.sh GROUP...        groups: build test bench fmt
#   INSTALL=0 scripts/deps.sh ...   says what is missing and installs nothing (exit 1 when something is)
# Nothing to do: silent and quick.
set -euo pipefail
export LC_ALL=C
lock="$(dirname "$0")/packages.lock"
[ $# -gt 0 ] || set -- build

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "deps: this is not a Debian system; install the packages of scripts/packages.lock yourself" >&2
  exit 1
fi

# "name minimum" of the wanted groups.
wanted() { awk -v groups=" $* " '!/^#/ && NF >= 3 && index(groups, " " $1 " ") { print $2, $3 }' "$lock"; }

# Names that are absent or older than the lock says. One dpkg-query for all: this runs before every build.
missing() {
  local name minimum
  declare -A have=()
  while read -r name version; do have[$name]=$version; done < <(
    wanted "$@" | cut -d' ' -f1 | xargs dpkg-query -W -f='${binary:Package} ${db:Status-Status} ${Version}\n' 2>/dev/null |
      awk '$2 == "installed" { sub(/:.*/, "", $1); print $1, $3 }')
  while read -r name minimum; do
    if [ -z "${have[$name]:-}" ] || dpkg --compare-versions "${have[$name]}" lt "$minimum"; then echo "$name"; fi
  done < <(wanted "$@")
}

mapfile -t need < <(missing "$@")
[ ${#need[@]} -gt 0 ] || exit 0

echo "deps: missing Debian packages (${*}): ${need[*]}"
as_root=()
if [ "$(id -u)" -eq 0 ]; then
  echo "deps: installing needs root, which you are"
else
  echo "deps: installing needs root: through sudo"
  as_root=(sudo)
fi

# What apt computes for exactly this install; needs no root and changes nothing.
say_size() {
  apt-get install --assume-no --no-install-recommends -o Debug::NoLocking=1 "${need[@]}" 2>/dev/null |
    sed -n -E '/newly installed|Need to get|After this operation/s/^/deps: /p' || true
}

if [ "${INSTALL:-1}" = 0 ]; then
  say_size
  echo "deps: INSTALL=0, so nothing was installed" >&2
  exit 1
fi
if [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null; then
  echo "deps: no sudo here; as root: apt-get install --no-install-recommends ${need[*]}" >&2
  exit 1
fi

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null; }
echo "deps: reading the package lists"
apt update >/dev/null
say_size
# --no-remove: a library of yours that conflicts (libboost-dev, libcurl4-gnutls-dev) stops us instead of going away.
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ! apt install -y --no-install-recommends --no-remove "${need[@]}" >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "deps: apt could not install; its last words stand above" >&2
  exit 1
fi

mapfile -t still < <(missing "$@")
if [ ${#still[@]} -gt 0 ]; then
  echo "deps: absent or older than scripts/packages.lock accepts: ${still[*]}" >&2
  exit 1
fi
echo "deps: installed ${#need[@]} packages"
