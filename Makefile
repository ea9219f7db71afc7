# `make study` and `make test` do everything on a fresh machine. CONTRIBUTING.md describes the other targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STUDY_IMAGES := 800

.PHONY: study test chaos bench check format docs

study: $(VENV)/.installed
	$(BIN)/python -m tune_app.run --space q1a --data sample --images $(STUDY_IMAGES)
	$(BIN)/python -m analysis.report results/q1a --images sample

test: check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

chaos: $(VENV)/.installed
	$(BIN)/python -m pytest -m 'chaos or slow' --timeout 3600

bench: $(VENV)/.installed
	$(BIN)/python -m tests.benchmarks

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed
	$(BIN)/python -m sphinx -M html . build/docs -c docs --fail-on-warning --keep-going --quiet
	@echo "the site: build/docs/html/index.html"

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=python3.11')"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
