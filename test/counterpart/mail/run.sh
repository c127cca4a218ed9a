#!/bin/bash
# Somebody else's mail server: aiosmtpd takes our mails after STARTTLS and AUTH, and Python's parser reads in them what we wrote.
#   FIREBREAK_BUILD=build/dev test/counterpart/mail/run.sh    another build
# Needs the Debian package python3-aiosmtpd. Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/mail"
build="${FIREBREAK_BUILD:-build/dev}"
python=/usr/bin/python3
"$python" -c 'import aiosmtpd' 2>/dev/null || { echo "mail: there is no aiosmtpd here (apt-get install python3-aiosmtpd)"; exit 77; }
[ -x "$build/bin/test/counterpart_test" ] || { echo "mail: no $build/bin/test/counterpart_test; run scripts/test_integration.sh"; exit 77; }
. test/counterpart/common.sh
password="$(head -c 12 /dev/urandom | base64)"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout "$run/key.pem" -out "$run/ca.pem" 2>/dev/null
port="$(free_port)"
touch "$run/mails"
"$python" -W ignore "$here/server.py" "$port" "$run/ca.pem" "$run/key.pem" "$run/mails" "$password" >"$run/log" 2>&1 &
pids+=($!)
until_true "aiosmtpd" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null
printf '{"url": "smtp://127.0.0.1:%s", "ca_file": "%s", "password": "%s", "mails": "%s"}\n' "$port" "$run/ca.pem" "$password" "$run/mails" >"$run/mail.json"
FIREBREAK_MAIL="$run/mail.json" "$build/bin/test/counterpart_test" --gtest_brief=1 --gtest_filter='RealMail.*' | tee "$run/said"
grep -q SKIPPED "$run/said" && fail "a test was skipped"
grep -q PASSED "$run/said" || fail "no test ran"
echo "mail: aiosmtpd took them after STARTTLS and AUTH, and Python read what we wrote"
