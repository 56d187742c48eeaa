# Needs Python 3.11 or newer and GNU make (3.81, the one of macOS, will do). Everything it installs goes
# into .venv and .venv-frameworks beside this file, from whichever package index pip is set up for.

ifeq ($(OS),Windows_NT)
  PYTHON ?= python
  SCRIPTS = Scripts
else
  PYTHON ?= python3
  SCRIPTS = bin
endif

VENV = .venv
BIN = $(VENV)/$(SCRIPTS)
FRAMEWORKS = .venv-frameworks
# What the README's picture shows: the command, and which blocks of what it prints.
PICTURE ?= steadyset demo
BLOCKS ?= 1,2,3,5,8

# torch and torchvision belong together in pairs; tensorflow brings its Keras. macOS has no -cpu package.
TORCH = torch==2.13.0
TORCHVISION = torchvision==0.28.0
ifeq ($(shell uname -s 2>/dev/null),Darwin)
  TENSORFLOW = tensorflow
else
  TENSORFLOW = tensorflow-cpu
endif

PACKAGE_READY = $(VENV)/.package
PIP_READY = $(VENV)/.pip
TEST_READY = $(VENV)/.group-test
LINT_READY = $(VENV)/.group-lint
DOCS_READY = $(VENV)/.group-docs
FRAMEWORKS_READY = $(FRAMEWORKS)/.ready
FUZZ = .venv-fuzz
FUZZ_READY = $(FUZZ)/.ready
FUZZ_SECONDS ?= 30

IS_NEW = import sys; v = sys.version_info; \
  sys.exit(0 if v >= (3, 11) else "steadyset needs Python 3.11 or newer; $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12" % v[:2])
# --group came with pip 25.1
HAS_GROUPS = import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (25, 1))

.PHONY: help setup demo test test-frameworks stress fuzz lint type docs bench picture pages clean
.NOTPARALLEL:
.DEFAULT_GOAL = help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

setup: $(TEST_READY) $(LINT_READY) $(DOCS_READY) ## make .venv with everything the work on steadyset needs

demo: $(PACKAGE_READY) ## play the failures that steadyset survives, without a network
	$(BIN)/steadyset demo

test: $(TEST_READY) ## run the tests and report their coverage
	$(BIN)/python -m pytest --cov=steadyset --cov-report=term:skip-covered

test-frameworks: $(FRAMEWORKS_READY) ## run the tests that need a real TensorFlow, Keras and torch
	$(FRAMEWORKS)/$(SCRIPTS)/python -m pytest -m frameworks

stress: $(TEST_READY) ## kill and crowd processes at random; about ten minutes at most
	$(BIN)/python tools/stress.py

fuzz: $(FUZZ_READY) ## fuzz the readers of foreign bytes, FUZZ_SECONDS each
	$(FUZZ)/$(SCRIPTS)/python tools/fuzz.py all --seconds $(FUZZ_SECONDS)

lint: $(LINT_READY) ## check style and format
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

type: $(TEST_READY) $(LINT_READY) ## check the types
	$(BIN)/python -m mypy

docs: $(DOCS_READY) ## build the documentation into docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

bench: $(TEST_READY) ## run every script in benchmarks/
	@set -e; for script in $$(grep -l __main__ benchmarks/*.py); do \
	  echo "== $$script"; $(BIN)/python "$$script"; \
	done

picture: $(PACKAGE_READY) ## record the README's picture anew; PICTURE and BLOCKS choose another
	$(BIN)/python tools/record.py --keep "$(BLOCKS)" docs/_static/demo.svg $(PICTURE)

pages: $(PACKAGE_READY) ## write the generated pages anew: docs/codes and the command line's reference
	$(BIN)/python tools/code_pages.py
	$(BIN)/python tools/cli_pages.py

clean: ## remove what was built and cached; the environments stay
	rm -rf build dist docs/_build htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@$(PYTHON) -c '$(IS_NEW)'
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(PACKAGE_READY): $(VENV)/.made pyproject.toml
	@echo "Installing steadyset and what it needs into $(VENV)"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(PIP_READY): $(VENV)/.made
	@$(BIN)/python -c '$(HAS_GROUPS)' || $(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.group-%: $(PACKAGE_READY) $(PIP_READY)
	@echo "Installing the $* group into $(VENV)"
	@$(BIN)/python -m pip install --quiet --group $*
	@touch $@

# torchvision asks for a torch of its own choice, hence --no-deps; pillow is what else it needs.
$(FRAMEWORKS_READY): pyproject.toml Makefile
	@$(PYTHON) -c '$(IS_NEW)'
	@echo "Installing TensorFlow, Keras and torch into $(FRAMEWORKS); this takes a while"
	@$(PYTHON) -m venv $(FRAMEWORKS)
	@$(FRAMEWORKS)/$(SCRIPTS)/python -m pip install --quiet --upgrade "pip>=25.1"
	@$(FRAMEWORKS)/$(SCRIPTS)/python -m pip install --quiet --group test --editable . $(TENSORFLOW) $(TORCH) pillow
	@$(FRAMEWORKS)/$(SCRIPTS)/python -m pip install --quiet --no-deps $(TORCHVISION)
	@touch $@

$(FUZZ_READY): pyproject.toml
	@$(PYTHON) -m venv $(FUZZ)
	@$(FUZZ)/$(SCRIPTS)/python -m pip install --quiet --editable .
	@$(FUZZ)/$(SCRIPTS)/python -m pip install --quiet atheris || echo "no atheris: fuzzing at random, without guidance"
	@touch $@
