# What people and CI run; scripts/ holds the substance.
PY = .venv/bin/python
COMPILE = PY=$(PY); . scripts/tell_uv.sh; tell_uv; .venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11

SHELL = /bin/bash

.PHONY: up setup test lint types pytest lock client

up:
	scripts/up

setup:
	scripts/setup --tests

# Everything that CI checks.
test:
	scripts/test

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

types:
	.venv/bin/mypy

pytest:
	.venv/bin/pytest

# Make the locks anew from requirements/*.in and package.json; UPGRADE=--upgrade takes newer versions.
lock:
	$(COMPILE) $(UPGRADE) requirements/runtime.in -o requirements/runtime.txt
	$(COMPILE) $(UPGRADE) -c requirements/runtime.txt requirements/dev.in -o requirements/dev.txt
	$(COMPILE) $(UPGRADE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) $(UPGRADE) requirements/node.in -o requirements/node.txt
	$(COMPILE) $(UPGRADE) requirements/peers.in -o requirements/peers.txt
	npm install --package-lock-only --ignore-scripts

# The Python client's wheel, into dist/.
client:
	$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --no-index -w dist clients/python
	rm -rf clients/python/build src/yunxin_client.egg-info
