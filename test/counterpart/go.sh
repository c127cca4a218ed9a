# For scripts of test/counterpart, to be sourced from the repository's root: sets $go to a Go of 1.24 or newer, and where its
# modules and objects lie. Debian 12 has 1.19, which fetches the toolchain that fsck/toolchain.sum names: the module is checked
# against that sum. INSTALL=0: exit 77 instead of installing Go.
export GOFLAGS="-modcacherw" GOMODCACHE="$PWD/build/go/mod" GOCACHE="$PWD/build/go/cache"
new_enough() { command -v "$1" >/dev/null && [ "$("$1" env GOVERSION | sed -E 's/go1\.([0-9]+).*/\1/')" -ge 24 ]; }
go=go
if ! new_enough go; then
  go="$PWD/build/go/toolchain/bin/go"
  export GOTOOLCHAIN=local
  if ! new_enough "$go"; then
    if ! command -v go >/dev/null; then
      if [ "${INSTALL:-1}" = 0 ]; then
        echo "no Go here (make test-integration installs it)"
        exit 77
      fi
      scripts/deps.sh integration
    fi
    read -r module version sum <test/counterpart/fsck/toolchain.sum
    echo "fetching $module $version (75 MB)"
    got="$(cd / && go mod download -json "$module@$version")"
    if ! grep -qF "\"Sum\": \"$sum\"" <<<"$got"; then
      echo "$module $version: digest differs from test/counterpart/fsck/toolchain.sum" >&2
      exit 1
    fi
    rm -rf build/go/toolchain
    cp -r "$GOMODCACHE/$module@$version" build/go/toolchain
    chmod -R u+w build/go/toolchain
    chmod u+x build/go/toolchain/bin/* build/go/toolchain/pkg/tool/*/*  # module zips carry no execute bit
  fi
fi
