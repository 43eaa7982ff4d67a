# `make` sets up .venv and runs the embedded study; `make test` sets up and runs the tests.
.PHONY: all test bench lint constraints clean
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PYTHON ?= python3

all: .venv/installed
	snakemake --cores $$(nproc) all

# each of several processes with one thread: a process with several would wait for the others'
test: .venv/installed
	OMP_NUM_THREADS=1 python -m pytest

# speed, as ratios measured side by side; takes a quarter of an hour
bench: .venv/installed
	python -m pip install --quiet --no-deps --requirement benchmarks/peers.txt
	python benchmarks/run.py

lint: .venv/installed
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile rules
	snakemake --lint

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

# after changing what pyproject.toml asks for: install without pins, try everything, then pin
constraints:
	{ sed -n 1p constraints.txt; python -m pip freeze --exclude bert-loss-landscapes | sed 's/+cpu//'; } > .constraints
	mv .constraints constraints.txt

clean:
	rm -rf .venv
