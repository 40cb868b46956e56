#!/bin/sh
# The drills at full size, one after the other: `drill.sh [NAME...]`, each a module of tests/drills/. All of them are
# done, whatever one finds; the exit code is 1 when any found something.
set -eu
. "$(dirname "$0")/common.sh"

sh scripts/setup.sh dev
[ $# -gt 0 ] || set -- restore loss zones reminders
code=0
for name in "$@"; do
    say "--- drill $name"
    .venv/bin/python -m "tests.drills.$name" || code=1
done
exit $code
