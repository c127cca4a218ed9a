#!/bin/bash
# Builds Firebreak and plays the fraud story to its end without a screen; the report lands in build/demo.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
exec examples/fraud/story.sh demo
