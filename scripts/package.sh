#!/bin/bash
# Makes build/package/firebreak_<version>_<arch>.deb: program, content, units, manual, completion, example alert rules; and
# firebreak-archive_<version>_<arch>.deb: the DuckDB library that 'firebreak query' and 'firebreak impact' need, for x86_64.
#   scripts/package.sh [--version X]     the package's version, else the project's
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
scripts/deps.sh package
make --no-print-directory build
bin=build/release/bin/firebreak
version=$("$bin" --version | cut -d' ' -f2)
[ "${1:-}" = --version ] && version=${2:?--version needs a value}
arch=$(dpkg --print-architecture)
out=build/package
root=$out/tree
rm -rf "$root"
mkdir -p "$root/DEBIAN" "$out"

install -D -m 0755 -s "$bin" "$root/usr/bin/firebreak"
for folder in deadlines detectors drills endpoints playbooks rules taxonomies templates; do
  mkdir -p "$root/usr/share/firebreak/content/$folder"
  cp -r content/$folder/. "$root/usr/share/firebreak/content/$folder/"
done
# What the shipped drills replay, where their documents look for it.
mkdir -p "$root/usr/share/firebreak/examples/fraud/data/credit_releases"
cp examples/fraud/data/credit_{stream.ndjson,train.csv,test.csv}.zst "$root/usr/share/firebreak/examples/fraud/data/"
cp examples/fraud/data/credit_releases/model_1.{0,2}.0.json "$root/usr/share/firebreak/examples/fraud/data/credit_releases/"
# The shipped playbooks are signed, so that an installation can tell them from changed ones (`playbooks: trusted_keys`). A release
# is made with FIREBREAK_PLAYBOOK_KEY (Ed25519, PEM); without it this build's own key signs, which says no more than "as built".
key=${FIREBREAK_PLAYBOOK_KEY:-$out/playbooks.key}
[ -f "$key" ] || (umask 077 && openssl genpkey -algorithm ed25519 -out "$key" 2>/dev/null)
playbooks=$root/usr/share/firebreak/content/playbooks
openssl pkey -in "$key" -pubout -out "$playbooks/release-key.pem"
mkdir -p "$root/usr/share/doc/firebreak/playbooks"
for playbook in content/playbooks/*.json; do
  "$bin" playbook sign "$playbook" --key "$key" --signee "Firebreak $version" -o "$playbooks/$(basename "$playbook")" >/dev/null
  "$bin" playbook verify "$playbooks/$(basename "$playbook")" --key "$playbooks/release-key.pem" >/dev/null
  "$bin" playbook doc "$playbook" -o "$root/usr/share/doc/firebreak/playbooks/$(basename "$playbook" .json).html"
done
for unit in firebreak firebreak-gateway; do
  install -D -m 0644 packaging/$unit.service "$root/lib/systemd/system/$unit.service"
done
for file in firebreak.yaml server.env gateway.env; do
  install -D -m 0644 packaging/$file "$root/etc/firebreak/$file"
done
doc=$root/usr/share/doc/firebreak
install -D -m 0644 packaging/prometheus-rules.yaml "$doc/examples/prometheus-rules.yaml"
install -m 0644 docs/operations.md docs/cli.md docs/verify.md docs/onboarding.md "$doc/"
{
  echo "Upstream-Name: Firebreak"
  echo "License: Apache-2.0"
  echo
  cat LICENSE
} >"$doc/copyright"
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
mkdir -p "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions"
"$bin" manual | gzip -9n >"$root/usr/share/man/man1/firebreak.1.gz"
"$bin" completion bash >"$root/usr/share/bash-completion/completions/firebreak"

# What the program is linked with says what it depends on.
shlibs=$out/shlibs
rm -rf "$shlibs"
mkdir -p "$shlibs/debian"
printf 'Source: firebreak\n\nPackage: firebreak\nArchitecture: any\n' >"$shlibs/debian/control"
depends=$(cd "$shlibs" && dpkg-shlibdeps -O --ignore-missing-info "../tree/usr/bin/firebreak" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<CONTROL
Package: firebreak
Version: $version
Architecture: $arch
Maintainer: Firebreak maintainers <maintainers@firebreak.invalid>
Section: admin
Priority: optional
Depends: $depends, adduser
Recommends: firebreak-archive (= $version)
Installed-Size: $(du -ks "$root" | cut -f1)
Description: incident response for AI models in production
 Records every inference in an append-only log that public tools verify,
 detects attacks on models, and carries an incident from the first signal
 to the proven recovery: evidence, approved containment that keeps the
 service up, gates, canary, report.
CONTROL
(cd "$root" && find etc -type f | sed 's#^#/#' | LC_ALL=C sort) >"$root/DEBIAN/conffiles"
(cd "$root" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
for script in postinst prerm postrm; do install -m 0755 packaging/$script "$root/DEBIAN/$script"; done

deb=$out/firebreak_${version}_$arch.deb
dpkg-deb --build --root-owner-group -Zzstd "$root" "$deb" >/dev/null
echo "package: $deb ($(du -k "$deb" | cut -f1) KiB)"

# DuckDB apart: four times as large as all the rest, and not everybody asks the archive. The library goes in octet for octet, since the
# program opens it only under the digest that it knows (src/read/archive/duckdb.h).
[ "$arch" = amd64 ] || { echo "package: no firebreak-archive for $arch: DuckDB is fetched for amd64 alone"; exit 0; }
library=$(scripts/duckdb.sh --path | tail -1)
duckdb_version=$(sed -n 's/.*node-bindings-linux-x64": "\([0-9.]*\).*/\1/p' packaging/duckdb/package.json)
archive=$out/archive-tree
rm -rf "$archive"
mkdir -p "$archive/DEBIAN"
install -D -m 0644 "$library" "$archive/usr/lib/firebreak/libduckdb.so"
doc=$archive/usr/share/doc/firebreak-archive
mkdir -p "$doc"
{
  echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
  echo "Upstream-Name: DuckDB"
  echo "Source: https://www.npmjs.com/package/@duckdb/node-bindings-linux-x64 (libduckdb.so $duckdb_version, unchanged)"
  echo
  echo "Files: usr/lib/firebreak/libduckdb.so"
  sed -n '1s/^Copyright */Copyright: /p' "$(dirname "$library")/LICENSE"
  echo "License: Expat"
  sed -n '2,$p' "$(dirname "$library")/LICENSE" | sed -e '1{/^$/d}' -e 's/^$/./' -e 's/^/ /'
} >"$doc/copyright"
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
cat >"$archive/DEBIAN/control" <<CONTROL
Package: firebreak-archive
Version: $version
Architecture: $arch
Maintainer: Firebreak maintainers <maintainers@firebreak.invalid>
Section: admin
Priority: optional
Depends: firebreak (= $version), libc6, libstdc++6, libgcc-s1
Installed-Size: $(du -ks "$archive" | cut -f1)
Description: incident response for AI models in production: the archive
 The DuckDB library ($duckdb_version) with which Firebreak turns closed segments of
 its logs into Parquet files and answers 'firebreak query' and 'firebreak
 impact'. It runs in a process of its own.
CONTROL
(cd "$archive" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$archive/DEBIAN/md5sums"
deb=$out/firebreak-archive_${version}_$arch.deb
dpkg-deb --build --root-owner-group -Zzstd -z19 "$archive" "$deb" >/dev/null
echo "package: $deb ($(du -k "$deb" | cut -f1) KiB, installed $(du -k "$library" | cut -f1) KiB)"
