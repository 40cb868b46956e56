#!/bin/sh
# Make .venv and install the locked list into it: `setup.sh` for running, `setup.sh dev` for the tests and tools too.
# Does nothing when that list is installed already: a copy of it lies in .venv/installed.
set -eu
. "$(dirname "$0")/common.sh"

case "${1:-run}" in
    run) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    *) fail "Usage: scripts/setup.sh [run|dev]" ;;
esac
python=.venv/bin/python
installed=.venv/installed

# Whether .venv was made here, by a Python that is still there, is new enough, and owns the packages in it.
venv_is_sound() {
    grep -qF "$(pwd -P)/.venv" .venv/bin/activate 2>/dev/null &&
        "$python" -c 'import os, sys, sysconfig
sys.exit(sys.version_info < (3, 11) or not os.path.isdir(sysconfig.get_path("purelib")))' 2>/dev/null
}

# The dev list holds the running list with the same versions, so it will do for both.
is_installed() {
    cmp -s "$lock" "$installed/$lock"
}

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if have "$name" && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    base=$(find_python) || { apt_install python3 python3-venv && base=$(find_python); } ||
        fail "Python 3.11 or newer is missing: please install python3 (Debian 12, Ubuntu 24.04 or newer have it)."
    rm -rf .venv
    if have uv; then
        uv venv --quiet --no-project --python "$base" .venv
        return
    fi
    "$base" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv ||
        fail "Python's venv module is missing: please install the package python3-venv."
    "$base" -m venv .venv || fail "The virtual environment .venv could not be made with $base."
}

download() {
    if have uv; then
        uv pip install --quiet --python "$python" --require-hashes -r "$lock"
    else
        { "$python" -c 'import pip' 2>/dev/null || "$python" -m ensurepip >/dev/null; } &&
            "$python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$lock"
    fi
}

if ! venv_is_sound; then
    if [ -e .venv ]; then say "The virtual environment .venv does not work here; making it anew."; fi
    make_venv
fi
if ! is_installed; then
    say "Installing $lock into .venv (about half a minute the first time)."
    rm -rf "$installed"
    download || fail "Installing $lock failed; the lines above say why."
    mkdir "$installed"
    cp requirements.lock "$installed/"
    if [ "$lock" = requirements-dev.lock ]; then cp "$lock" "$installed/"; fi
fi
