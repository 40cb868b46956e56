#!/bin/sh
# Make sure of what the browser tests need: Chromium, and the JavaScript tools of package-lock.json.
# Prints the path of the browser. CHROMIUM names one that is not on the PATH.
set -eu
. "$(dirname "$0")/common.sh"

find_chromium() {
    for name in ${CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable; do
        if have "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

browser=$(find_chromium) || { apt_install chromium && browser=$(find_chromium); } ||
    fail "Chromium is missing: please install the package chromium, or name another one in CHROMIUM."

if ! have node || ! have npm; then
    apt_install nodejs npm || fail "Node.js or npm is missing: please install the packages nodejs and npm."
fi
if ! cmp -s package-lock.json node_modules/.installed-lock; then
    npm ci --silent --no-audit --no-fund --ignore-scripts </dev/null >&2 ||
        fail "Installing the JavaScript tools of the tests (npm ci) failed; \`npm ci\` alone says why."
    cp package-lock.json node_modules/.installed-lock
fi

printf '%s\n' "$browser"
