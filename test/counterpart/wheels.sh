# Python packages of a counterpart, locked by the digests in its requirements.txt; sourced. Exit 77: not on this machine.
#   python_wheels NAME FOLDER [any] [SOURCE]    installs FOLDER/requirements.txt into build/counterpart/NAME, once; sets `wheels`.
#                                      any: the wheels are of no particular version of Python; SOURCE: the one that is built from its source
python_wheels() {
  local requirements="$2/requirements.txt"
  [ "$(uname -m)" = x86_64 ] || { echo "$1: the locked wheels are for x86_64"; exit 77; }
  command -v python3 >/dev/null || { echo "$1: there is no python3 here"; exit 77; }
  [ "${3:-}" = any ] || [ "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = 3.11 ] || { echo "$1: the locked wheels are for Python 3.11"; exit 77; }
  python3 -m pip --version >/dev/null 2>&1 || scripts/deps.sh pip
  wheels="$PWD/build/counterpart/$1"
  if cmp -s "$requirements" "$wheels/requirements.txt"; then return; fi
  rm -rf "$wheels"
  echo "$1: fetching the Python packages of $requirements"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes --only-binary :all: ${4:+--no-binary "$4"} \
    --target "$wheels" -r "$requirements"
  cp "$requirements" "$wheels/"
}
