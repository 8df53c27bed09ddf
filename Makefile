# Everything a clone needs, with nothing but Python (3.11 or later) and make.
#   make studio    the studio in the browser
#   make test      the tests
PYTHON ?= python3
BIN := .venv/bin

.PHONY: studio test check train clean

.venv/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("gptlineage needs Python 3.11 or later: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e .
	touch $@

.venv/.developed: .venv/.installed
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

studio: .venv/.installed
	$(BIN)/gptlineage studio

train: .venv/.installed
	$(BIN)/gptlineage train all --quick

test: .venv/.developed
	$(BIN)/python -m pytest

check: .venv/.developed
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	rm -rf .venv build dist
