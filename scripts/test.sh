#!/bin/sh
# Every check, then every test. `test.sh quick` leaves the browser tests out. pytest runs last.
set -eu
. "$(dirname "$0")/common.sh"

sh scripts/setup.sh dev
if [ "${1:-}" = quick ]; then
    set -- -m "not browser"
else
    CHROMIUM=$(sh scripts/browser.sh)
    export CHROMIUM
    set --
fi

step() {
    say "--- $*"
    .venv/bin/python -m "$@"
}

step ruff check .
step ruff format --check .
step mypy
step djlint --quiet --lint patient_app/templates
say "--- pytest"
exec .venv/bin/python -m pytest "$@"
