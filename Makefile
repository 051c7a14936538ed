# make run    try it: builds .venv, answers on 127.0.0.1:5300 with the example household in config/
# make test   the tests
# make check  everything that CI checks: format, lint, types, layers, examples, tests
# make soak   half an hour of queries in which everything goes wrong that can (make test does all of it once)
# make compiled       what every query passes through compiled, as a copy in build/compiled (needs gcc and Python's headers)
# make test-compiled  the tests on it; make test-compiled TESTS=tests/unit/wire runs some
# Tests skip what the machine lacks; with SAFEDNS_TEST_ALL=1 they fail instead. The Debian packages are in .ci/run.
# make year   every minute of a simulated year in five time zones (make test looks at the days that matter)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= config
STATE ?= var
COMPILED := build/compiled
TESTS ?= tests

.PHONY: run test check fmt lint types imports examples schema bench bench-latency bench-profile bench-lists \
	bench-policy soak lists-table standards year compiled test-compiled clean

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "safedns needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "this Python has no venv module (on Debian: sudo apt install python3-venv)" >&2; exit 2; }
	@echo "building $(VENV), once: this takes a minute" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: $(VENV)/installed
	@exec $(BIN)/safedns serve --config $(CONFIG) --state $(STATE)

test: $(VENV)/installed
	$(BIN)/pytest

check: lint types imports examples test

year: $(VENV)/installed
	SAFEDNS_WHOLE_YEAR=1 $(BIN)/pytest tests/unit/policy/test_year.py

fmt: $(VENV)/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/installed
	$(BIN)/mypy

imports: $(VENV)/installed
	$(BIN)/lint-imports

examples: $(VENV)/installed
	$(BIN)/safedns check --config config

schema: $(VENV)/installed
	$(BIN)/python -m safedns.policy.schema config/schema

bench: $(VENV)/installed
	$(BIN)/python -m tests.bench.compare

bench-latency: $(VENV)/installed
	$(BIN)/python -m tests.bench.latency

bench-profile: $(VENV)/installed
	$(BIN)/python -m tests.bench.profile

bench-lists: $(VENV)/installed
	$(BIN)/python -m tests.bench.lists

bench-policy: $(VENV)/installed
	$(BIN)/python -m tests.bench.policy

soak: $(VENV)/installed
	$(BIN)/python -m tests.bench.soak

lists-table: $(VENV)/installed
	@$(BIN)/python -m tests.lists_table

standards: $(VENV)/installed
	@$(BIN)/python -m tests.standards

compiled: $(VENV)/installed
	@rm -rf $(COMPILED)
	@echo "compiling in $(COMPILED): this takes a minute or two" >&2
	@SAFEDNS_COMPILE=1 $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps --target $(COMPILED) .
	@cp -r blocklists config docs tests Makefile README.md CHANGELOG.md pyproject.toml setup.py $(COMPILED)
	@PYTHONPATH=$(COMPILED) $(BIN)/safedns --version | grep compiled

test-compiled: compiled
	cd $(COMPILED) && PYTHONPATH=$(CURDIR)/$(COMPILED) $(CURDIR)/$(BIN)/pytest $(TESTS)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
