# `make test` and `make run` set themselves up: nothing is needed but make and a Python 3.11 to 3.13 with venv.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml --quiet --universal \
	--python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links

.PHONY: help setup run test lint types format bench lock clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.stamp-dev ## Install everything that development needs into .venv

run: $(VENV)/.stamp-run ## Start the warehouse with its API and dashboard (demo data when no bucket is set)
	@exec $(BIN)/warehouse run

test: lint types ## Set up, check everything, run every test
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

lint: $(VENV)/.stamp-dev ## Linter, formatter, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.stamp-dev ## The type checker
	$(BIN)/mypy

format: $(VENV)/.stamp-dev ## Format and mend what can be mended; refresh the page of the settings
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m warehouse.settings_docs docs/settings.md

bench: $(VENV)/.stamp-bench ## Measure speed and memory (tests/bench)
	@for part in startup endpoints questions forecast sync idle dashboard; do echo "== $$part"; $(BIN)/python -m tests.bench.$$part || exit; done

lock: $(VENV)/.stamp-dev ## Renew the locks within the bounds of pyproject.toml; DuckDB stays at 1.5.5
	$(COMPILE) --upgrade --group build --constraint <(echo "duckdb==1.5.5") --no-annotate -o requirements.lock
	$(COMPILE) --upgrade --group dev --constraint requirements.lock --no-annotate -o requirements-dev.lock
	$(COMPILE) --upgrade --group bench --constraint requirements-dev.lock --no-annotate -o requirements-bench.lock

clean: ## Remove the environment and every cache; data/ stays
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python from 3.11 to 3.13 that can make an environment; PYTHON=... chooses another.
$(BIN)/python:
	@set -e; for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
			2>/dev/null; then exec $$python -m venv $(VENV); fi; \
	done; echo "A Python 3.11, 3.12 or 3.13 with venv is needed (Debian: apt-get install python3-venv)." >&2; exit 1

$(VENV)/.stamp-run: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.stamp-dev: requirements-dev.lock $(VENV)/.stamp-run
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.stamp-bench: requirements-bench.lock $(VENV)/.stamp-dev
	$(PIP_INSTALL) --require-hashes -r requirements-bench.lock
	@touch $@
