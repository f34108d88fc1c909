# Everything goes through .venv, which scripts/setup.sh makes from the committed locks.
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE
PY := .venv/bin/python
PRUMO := $(PY) -m crm_app.cli

.PHONY: help run dev test lint bench screenshots build setup setup-dev lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  Settings are environment variables, e.g. PORT=8080 make run; all of them: docs/operator/settings.md"

run: setup ## start Prumo with everything it needs, demo data included; Ctrl-C stops it
	@exec $(PRUMO) run

dev: setup-dev ## the same with hot reload
	@exec $(PRUMO) dev

test: setup-dev ## run every check and every test
	@scripts/test-tools.sh
	@$(MAKE) --no-print-directory lint-only
	@$(PRUMO) build
	@$(PY) -m pytest -n 2 --dist worksteal -q

lint: setup-dev lint-only ## style, types, layers

.PHONY: lint-only
lint-only:
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy crm_app jobs
	@.venv/bin/lint-imports --no-cache

bench: setup-dev build ## measure speed, each number beside its yardstick
	@$(PY) -m bench

screenshots: setup-dev build ## take the pictures of docs/screenshots
	@scripts/test-tools.sh
	@$(PY) -m scripts.screenshots

build: setup ## build the front end, unless it is up to date
	@$(PRUMO) build

setup: ## install what the product needs into .venv
	@scripts/setup.sh

setup-dev: ## install what tests and checks need, too
	@scripts/setup.sh dev

lock: setup-dev ## write the locks anew after a change of pyproject.toml
	@scripts/lock.sh

clean: ## remove the venv and what was built; data in .data stay
	rm -rf .venv .venv-uv .web .web.lock .states .mypy_cache .ruff_cache .import_linter_cache .hypothesis
