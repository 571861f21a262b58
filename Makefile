# make check: validate our own vault. make test: all tests. Both set up .venv first; nothing else is needed.
PYTHON ?= python3
TORCH ?= torch==2.13.0
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1

.PHONY: setup check test lint types figures notebooks bench bench-site clean

setup: .venv/.ready

.venv/.ready: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet --editable ".[site,lsp,snippets,oracle,figures,dev]"
	touch $@

check: setup
	$(BIN)/kb check

test: setup
	$(BIN)/python -m pytest -n auto --dist loadscope

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

figures: setup
	$(BIN)/python -m snippets._gallery

notebooks: setup
	$(BIN)/python -m tests.notebooks.executing notes/notebooks/*.ipynb

bench: setup
	$(BIN)/python benchmarks/run.py

bench-site: setup
	$(BIN)/python benchmarks/site.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
