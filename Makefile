# One virtual environment, .venv, built from the hashed lists in requirements/. Stamp files make every target incremental.
PYTHON ?= python3
BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

.DEFAULT_GOAL := help
.PHONY: help install demo test check bench prove look catalogues phrases lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/dev ## install everything needed to run, test and change Parley into .venv

demo: .venv/run catalogues ## play the whole of Parley on a local page: PORT=8765, FRESH=1 begins anew
	@$(BIN)/parley demo $(if $(PORT),--port $(PORT)) $(if $(FRESH),--fresh)

# Thousands of databases are made and thrown away: in memory, where there is room, half the time is not spent on a disk.
MEMORY := $(shell test -w /dev/shm && df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print "/dev/shm"}')

test: .venv/dev catalogues ## run every test, on SQLite and PostgreSQL: ARGS="-k issues"
	$(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/pytest -q -n 2 $(ARGS)

check: .venv/dev ## format, lint, types, and the contracts between the packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev catalogues ## measure, and print the figures
	$(BIN)/python -m tests.bench

prove: .venv/dev catalogues ## run every promise, the slow ones too, and write build/prove.md: ONLY=name, ALL=1
	$(BIN)/pytest -q -n 2 --prove -o faulthandler_timeout=1200 $(if $(ONLY),--only $(ONLY)) $(if $(ALL),--all) $(ARGS)

look: .venv/dev catalogues ## photograph the pages on a telephone and a desktop, in every language, into build/look/: ONLY=name
	$(BIN)/python -m tests.look $(ONLY)

catalogues: .venv/run ## compile the message catalogues that changed
	@$(BIN)/python deploy/compile_catalogues.py

phrases: .venv/dev ## collect new phrases into the catalogues, for translation
	@$(BIN)/python deploy/collect_phrases.py

.venv/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Parley needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run: .venv/python requirements/run.txt pyproject.toml deploy/compile_catalogues.py
	$(PIP) --require-hashes --only-binary :all: -r requirements/run.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# dev.txt holds all of run.txt, so the demo needs nothing more afterwards.
.venv/dev: .venv/python requirements/dev.txt pyproject.toml deploy/compile_catalogues.py
	$(PIP) --require-hashes --only-binary :all: -r requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch .venv/run $@

LOCK = build/uv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) pyproject.toml

lock: build/uv/bin/uv ## rewrite requirements/ from pyproject.toml; UPGRADE=1 takes the newest releases
	$(LOCK) --group build --extra run --extra dev --output-file requirements/dev.txt
	$(LOCK) --group build --extra run --constraints requirements/dev.txt --output-file requirements/run.txt
	$(LOCK) --extra solve --constraints requirements/dev.txt --output-file requirements/solve.txt
	$(LOCK) --extra scale --constraints requirements/dev.txt --output-file requirements/scale.txt

build/uv/bin/uv:
	$(PYTHON) -m venv build/uv
	PIP_DISABLE_PIP_VERSION_CHECK=1 build/uv/bin/pip install --quiet uv==0.13.9
