#!/bin/bash
# Builds Firebreak and serves the fraud story until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
exec examples/fraud/story.sh run
