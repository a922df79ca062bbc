# Recipes for people and for CI. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
# The first Python that is new enough; say `make PYTHON=/path/to/python …` to choose another.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Options for the demo, the bench and the tests, as in `make demo ARGS="--teachers 2000"`.
ARGS ?=
MESSAGE ?=

.PHONY: help setup demo serve test check format messages bench screenshot notebooks lock revision clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime ## the environment in .venv, from lock/runtime.txt

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新的版本（Python >= 3.11 is needed）" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: lock/runtime.txt pyproject.toml | $(BIN)/python
	@echo "installing lock/runtime.txt (once; needs the network)"
	@$(PIP) install --require-hashes --only-binary :all: -r lock/runtime.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.test: lock/test.txt $(VENV)/.runtime
	@echo "installing lock/test.txt (once; needs the network)"
	@$(PIP) install --require-hashes --only-binary :all: -r lock/test.txt
	@touch $@

# The JavaScript client that the record store's tests drive; where there is no npm they say so and skip.
$(VENV)/.node: lock/package.json lock/package-lock.json | $(BIN)/python
	@if command -v npm >/dev/null; then \
		echo "installing lock/package-lock.json (once; needs the network)"; \
		mkdir -p $(VENV)/node && cp lock/package.json lock/package-lock.json $(VENV)/node/ && \
		npm ci --prefix $(VENV)/node --no-audit --no-fund --loglevel=error >/dev/null; \
	fi
	@touch $@

demo: $(VENV)/.runtime ## the demo province on http://127.0.0.1:8050 (ARGS="--teachers 2000" for a smaller one)
	@$(BIN)/portrait demo $(ARGS)

serve: $(VENV)/.runtime ## the site of the home folder that exists
	@$(BIN)/portrait serve $(ARGS)

test: $(VENV)/.test $(VENV)/.node ## all tests, browser and PostgreSQL included
	@command -v chromium chromium-browser google-chrome >/dev/null || $(BIN)/python -m playwright install chromium || true
	@$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder $(ARGS)

check: $(VENV)/.test ## format, lint, types, import directions: what CI runs before the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.test ## let ruff rewrite what it can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

messages: $(VENV)/.runtime ## bring the English catalogue up to date; prints what is still to be translated
	@$(BIN)/python -m dashboards.locale.extract

bench: $(VENV)/.test ## speed and memory, each beside a baseline measured in the same run
	@$(BIN)/python -m tests.bench $(ARGS)

screenshot: $(VENV)/.test ## draw the README's picture again from the demo site
	@$(BIN)/python docs/shot.py $(ARGS)

notebooks: $(VENV)/.test ## run both notebooks (the second needs OULAD); with their outputs they land in var/notebooks
	@mkdir -p var/notebooks
	@$(BIN)/jupyter-execute --output='$(CURDIR)/var/notebooks/{notebook_name}' notebooks/*.ipynb

lock: $(VENV)/.test ## write both lock files again with the newest versions
	@$(BIN)/python -m venv $(VENV)/lock && $(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	@$(VENV)/lock/bin/python lock/compile.py

revision: $(VENV)/.test ## a migration from what schema.py says now (MESSAGE="what changed")
	@test -n "$(MESSAGE)" || { echo 'make revision MESSAGE="what changed"' >&2; exit 2; }
	@$(BIN)/python -m portrait.store.migration.draft "$(MESSAGE)"

clean: ## remove the environment and every cache; keeps var/
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
