#!/bin/sh
# Write requirements.lock and requirements-dev.lock from pyproject.toml, with hashes, for Linux and macOS on every
# Python from 3.11. Versions stay as they are unless pyproject.toml asks for others; `lock.sh --upgrade` takes the
# newest. Settings of the machine are left out, so that none of its addresses or paths gets into the lists.
set -eu
. "$(dirname "$0")/common.sh"

for variable in $(env | sed -n 's/^\(UV_[A-Z_]*\)=.*/\1/p'); do
    case "$variable" in UV_CACHE_DIR) ;; *) unset "$variable" ;; esac
done
uv=$(command -v uv) || uv=.venv/bin/uv
[ -x "$uv" ] || fail "uv is missing: please run \`sh scripts/setup.sh dev\` first."

compile() {
    "$uv" pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
        --custom-compile-command "make lock" pyproject.toml "$@"
}

compile "$@" --output-file requirements.lock
compile "$@" --group dev --constraint requirements.lock --output-file requirements-dev.lock
if grep -nE '://|^-' requirements.lock requirements-dev.lock; then
    fail "The lines above name an address or an option of this machine; they must not be committed."
fi
