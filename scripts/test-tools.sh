#!/bin/sh
# What the tests use beside Python: Chromium and Redis. Root on Debian gets them; others are told what is missing.
set -u
missing=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
    command -v google-chrome >/dev/null 2>&1 || missing="chromium"
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing $missing …"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 - a list of words
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        exit 0
    fi
    echo "Could not be installed: $missing." >&2
fi
echo "Not there: $missing. The tests that need it are skipped; to run them all:" >&2
echo "  sudo apt-get install $missing" >&2
