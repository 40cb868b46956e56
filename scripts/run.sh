#!/bin/sh
# Install what is needed, then run the web server and one worker. HOST and PORT come from the environment.
set -eu
. "$(dirname "$0")/common.sh"

sh scripts/setup.sh run
exec .venv/bin/python app.py run
