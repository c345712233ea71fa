# make run    the dashboard in your browser
# make test   everything that must hold: linters, types, Dockerfile, tests (CI runs the same)
# Needs Python 3.11 to 3.13 and make, nothing else; all packages go into .venv.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help run test lint pytest requirements clean

help:
	@echo "make run           start the dashboard and open the browser"
	@echo "make test          linters, type checks and all tests, as CI runs them"
	@echo "make lint          only the linters and type checks"
	@echo "make requirements  pin anew what pyproject.toml asks for (UPGRADE=1: newest versions)"
	@echo "make clean         remove .venv and all caches of the tools"

run: $(VENV)/.installed
	$(BIN)/python -m dashboard $(ARGS)

test: lint pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/hadolint Dockerfile

# All tests by a process per core; PYTEST_ARGS="-k grad_cam" runs a part, by one process that a debugger can stop.
PYTEST_ARGS ?= --numprocesses=auto --maxprocesses=4 --dist=worksteal
pytest: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# ---- The virtual environment. A stamp file says what is installed already. ----

FITS := import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
CANDIDATES := python3 python3.13 python3.12 python3.11

$(BIN)/python:
	@found=; for candidate in $(PYTHON) $(CANDIDATES); do \
		if $$candidate -c '$(FITS)' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Convscope needs Python 3.11, 3.12 or 3.13 with its venv module (TensorFlow 2.21 has no other)."; \
		echo "Tried: $(PYTHON) $(CANDIDATES). On Debian and Ubuntu: sudo apt install python3 python3-venv"; \
		echo "A Python elsewhere: make PYTHON=/path/to/python3.12 run"; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$found"; $$found -m venv --clear $(VENV)

$(VENV)/.installed: requirements.txt $(BIN)/python
	@echo "Installing the pinned packages; the first time takes a few minutes."
	$(PIP) install --quiet --requirement requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) install --quiet --requirement requirements-dev.txt
	@touch $@

# ---- Pins ----

# No index goes into the files: whoever installs uses the package index of that machine.
COMPILE = CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --quiet --strip-extras --allow-unsafe $(if $(UPGRADE),--upgrade) \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
# pip-compile drops the markers that keep the two TensorFlow packages apart: they are put back.
INTEL := platform_machine == "x86_64" or platform_machine == "AMD64"
ARM := platform_machine != "x86_64" and platform_machine != "AMD64"

requirements: $(VENV)/.installed-dev
	$(COMPILE) \
		--extra cpu --output-file requirements.txt pyproject.toml
	sed -i 's/^tensorflow-cpu==[^ ]*/& ; $(INTEL)/; s/^tensorflow==[^ ]*/& ; $(ARM)/' requirements.txt
	$(COMPILE) \
		--extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	$(COMPILE) \
		--extra gpu --output-file requirements-gpu.txt pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
