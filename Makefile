# The loop: make setup, make demo, make up, make test, make check. Every target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIN := $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --quiet

.PHONY: help setup demo up test readme check docs bench lock
.DEFAULT_GOAL := help

help:  ## what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY)  ## a virtual environment with everything pinned in requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "MovieMind needs Python 3.11 or newer; name one with: make setup PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup  ## 50 clients ask for the same 20 films at once
	$(BIN)/moviemind demo

up: setup  ## serve on http://127.0.0.1:8000, data in var/
	$(BIN)/moviemind up

# Tests start hundreds of processes, which would all compile the code where Python may keep no bytecode.
test: setup  ## the whole test suite
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 2 --dist worksteal

readme: setup  ## type the commands of the README into a fresh clone
	$(BIN)/python -m tests.readme

check: setup  ## format, lint, types, import contracts, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest tests/architecture

docs: setup  ## write docs/cli.md, docs/problems.md and docs/openapi.json anew
	$(BIN)/python -m interfaces.cli.reference

bench: setup  ## generations per second and memory of the embedded service
	$(BIN)/python -m benchmarks.embedded

lock: setup  ## pin the newest versions that pyproject.toml allows, and those of them that the image needs
	$(PIN) --extra dev --upgrade --output-file requirements.lock
	$(PIN) --extra build --constraint requirements.lock --output-file deploy/requirements.lock
