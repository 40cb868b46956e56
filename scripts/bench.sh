#!/bin/sh
# Measure the application against its budgets: `bench.sh [NAME...]`, as `python -m bench --help` tells. Without a browser
# or Node.js all else is measured, and the end says what was not.
set -eu
. "$(dirname "$0")/common.sh"

sh scripts/setup.sh dev
CHROMIUM=$(sh scripts/browser.sh) || CHROMIUM=
export CHROMIUM
exec .venv/bin/python -m bench "$@"
