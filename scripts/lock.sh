#!/bin/sh
# Writes the locks anew from pyproject.toml; "scripts/lock.sh --upgrade" also takes newer versions.
set -eu
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv-uv/bin/uv)
compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-header "$@"
}
compile pyproject.toml --group install -o requirements.lock "$@"
compile pyproject.toml --group install --group dev -c requirements.lock -o requirements-dev.lock "$@"
echo uv | compile - --no-annotate -o requirements-bootstrap.lock "$@"
