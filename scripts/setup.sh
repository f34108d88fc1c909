#!/bin/sh
# Makes .venv with everything that Prumo needs, from the committed locks alone. Does nothing when it is up to date.
#   scripts/setup.sh        what the product needs
#   scripts/setup.sh dev    and what its tests and checks need
set -eu
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE  # without compiled files every start takes seconds longer

lock=requirements.lock
[ "${1:-}" = dev ] && lock=requirements-dev.lock
venv=.venv
# an old .venv may be a link to somebody else's: never write into that
if [ -L "$venv" ]; then
    echo "$venv is a link; it is used as it is."
    exit 0
fi

fail() {
    echo "$1" >&2
    echo "$2" >&2
    exit 1
}

find_python() {
    for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 or newer was not found." "On Debian: apt-get install python3 python3-venv"
}

make_bootstrap_venv() {
    rm -rf .venv-uv
    "$1" -m venv .venv-uv >/dev/null 2>&1
}

find_uv() {
    for candidate in "$(command -v uv || true)" .venv-uv/bin/uv; do
        if [ -x "$candidate" ]; then
            echo "$candidate"
            return
        fi
    done
    echo "Installing uv …" >&2
    if ! make_bootstrap_venv "$1"; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            echo "Installing python3-venv …" >&2
            apt-get update -qq >&2 && apt-get install -y -qq python3-venv >/dev/null
        fi
        make_bootstrap_venv "$1" ||
            fail "Python cannot make a venv." "On Debian: sudo apt-get install python3-venv"
    fi
    .venv-uv/bin/python -m pip install --quiet --require-hashes -r requirements-bootstrap.lock >&2 ||
        fail "uv could not be installed." "Check the network, or install uv yourself: https://docs.astral.sh/uv/"
    echo .venv-uv/bin/uv
}

current() {
    echo "$1 $(cat "$1" pyproject.toml | cksum)"
}

stamp="$venv/prumo-setup"
if [ -x "$venv/bin/python" ] && [ -f "$stamp" ]; then
    done=$(cat "$stamp")
    # what the tests need contains what the product needs
    if [ "$done" = "$(current "$lock")" ] || [ "$done" = "$(current requirements-dev.lock)" ]; then
        exit 0
    fi
fi

free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
[ "$free_kb" -gt 2500000 ] || fail "Only $((free_kb / 1024)) MB are free here; the setup needs 2.5 GB." "Free some space."

python=$(find_python)
uv=$(find_uv "$python")
[ -x "$venv/bin/python" ] || "$uv" venv --quiet --python "$python" "$venv"
echo "Installing from $lock …"
export VIRTUAL_ENV="$PWD/$venv"
"$uv" pip sync --quiet --require-hashes --compile-bytecode "$lock" ||
    fail "The packages could not be installed." "Check the network and start again; what is there is kept."
"$uv" pip install --quiet --no-deps --no-build-isolation --no-index --editable . ||
    fail "The project itself could not be installed into $venv." "'make clean' and start again."
current "$lock" > "$stamp"
