# Shared by the other scripts: goes to the checkout, and holds what says, fails and installs.
# shellcheck shell=sh

cd "$(dirname "$0")/.." || exit 1

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Install Debian packages where that is allowed: as root, on a system with apt. Never asks anything.
apt_install() {
    have apt-get && [ "$(id -u)" = 0 ] || return 1
    say "Installing with apt: $*"
    apt_log=$(mktemp)
    apt-get update -q </dev/null >"$apt_log" 2>&1 || true # old lists may still do
    if DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" </dev/null >>"$apt_log" 2>&1
    then
        rm -f "$apt_log"
    else
        tail -n 20 "$apt_log" >&2
        rm -f "$apt_log"
        return 1
    fi
}
