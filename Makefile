# The two commands of a fresh machine: `make demo` and `make test`. Both need only Python 3.11.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
STAMP := $(VENV)/.synced
export NUMBA_CACHE_DIR ?= $(CURDIR)/.cache/numba

.DEFAULT_GOAL := help
.PHONY: help setup demo test fast lint ui bench-setup bench lock clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## Install everything into .venv from the hashed lock, and compile the kernels once

$(STAMP): requirements-dev.txt pyproject.toml setup.py
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' \
		|| { echo "NAXS needs Python 3.11: set PYTHON=/path/to/python3.11"; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements-dev.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python -e .
	$(BIN)/python -m compileall -q naxs_assets
	$(BIN)/python -m naxs_assets.cli.warm
	@touch $(STAMP)

demo: setup ## Run the whole path offline on a synthetic market and print where the report lies
	$(BIN)/naxs demo

test: setup lint ## Lint, types, import contracts and every test
	$(BIN)/python -m pytest -n 2 --dist loadgroup

fast: setup ## The tests that take no more than a few seconds each
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

lint: setup ## ruff, mypy --strict and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

ui: setup ## Serve the Dagster UI of NAXS_HOME (default: the demo's home) on 127.0.0.1:3000
	$(BIN)/naxs --home "$${NAXS_HOME:-$$(ls -d .naxs/demo-* 2>/dev/null | head -n 1)}" ui

bench-setup: setup ## Install the peers of the benchmarks, each into an environment of its own
	$(BIN)/python -m benchmarks.setup

bench: setup ## Run the benchmarks side by side with the peers
	$(BIN)/python -m benchmarks.features
	$(BIN)/python -m benchmarks.feature_updates
	$(BIN)/python -m benchmarks.backtest
	$(BIN)/python -m benchmarks.ledger
	$(BIN)/python -m benchmarks.validation

lock: setup ## Renew the hashed requirements files from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--upgrade pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--constraint requirements.txt --extra dev pyproject.toml -o requirements-dev.txt

clean: ## Remove the environment, the caches and the demo's home
	rm -rf $(VENV) .cache .naxs build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
