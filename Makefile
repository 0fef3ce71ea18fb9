# Every command that the README, CI and people use. `make` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV = $(or $(shell command -v uv),$(VENV)/bin/uv)
BROKER ?= mock
CHARGERS ?= 24
ARGS ?=
export BROKER CHARGERS
# the certificates that the machine trusts, as pip and npm use them
export UV_SYSTEM_CERTS ?= 1

COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --python-version 3.11

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.ready: requirements/dev.txt requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Plugwatch needs Python 3.11 or newer; say which: make PYTHON=python3.11")'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null || test -x $(VENV)/bin/uv || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@echo "installing what requirements/dev.txt names into $(VENV)"
	@VIRTUAL_ENV=$(VENV) $(UV) pip sync --quiet --require-hashes requirements/dev.txt requirements/uv.txt
	@touch $@

.PHONY: setup
setup: $(VENV)/.ready ## install everything into .venv (the other commands do it themselves)

.PHONY: run
run: $(VENV)/.ready ## the whole system here, with simulated chargers (CHARGERS=0: none; BROKER=kafka: Apache Kafka)
	@exec $(PY) -m local run $(ARGS)

.PHONY: test
test: $(VENV)/.ready ## all tests on the embedded stack (BROKER=kafka: on Apache Kafka, with the rebalance tests)
	@$(PY) -m pytest --ignore=tests/conformance $(ARGS)

.PHONY: import
import: $(VENV)/.ready ## an inventory file into a running system: FILE=inventory.csv (ARGS=--dry-run only says what it would do)
	@$(PY) -m api.import_file $(FILE) $(ARGS)

.PHONY: conformance
conformance: $(VENV)/.ready ## a charger that is not ours (npm ocpp-rpc, strict) in all three dialects; needs Node.js 20
	@npm ci --silent --no-audit --no-fund --prefix tests/conformance
	@$(PY) -m pytest tests/conformance $(ARGS)

.PHONY: fuzz-api
fuzz-api: $(VENV)/.ready ## schemathesis against the running API, alone (`make test` has it, too)
	@$(PY) -m pytest -m fuzz tests/integration/api/test_schemathesis.py $(ARGS)

.PHONY: check
check: $(VENV)/.ready ## lint, types, import contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

.PHONY: format
format: $(VENV)/.ready ## format the code and mend what can be mended
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

.PHONY: lock
lock: $(VENV)/.ready ## renew requirements/*.txt from pyproject.toml
	$(COMPILE) --upgrade pyproject.toml --extra ingest -o requirements/ingest.txt
	$(COMPILE) --upgrade pyproject.toml --extra api -o requirements/api.txt
	$(COMPILE) --upgrade pyproject.toml --extra ingest --extra api --group dev -o requirements/dev.txt

.PHONY: bench
bench: $(VENV)/.ready ## the README's figures, each beside its baseline
	@$(PY) -m loadtest.benchmarks answered
	@$(PY) -m loadtest.benchmarks idle
	@$(PY) -m loadtest.benchmarks whole

.PHONY: hooks
hooks: $(VENV)/.ready ## run the checks before every commit
	$(VENV)/bin/pre-commit install

.PHONY: clean
clean: ## remove what was made here: .venv, data of `make run`, caches
	rm -rf $(VENV) .plugwatch .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		tests/conformance/node_modules
