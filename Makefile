# Every target makes what it needs; nothing is installed outside .venv, node_modules and the node cache.
PYTHON ?= python3.11
PY := .venv/bin/python
CACHE ?= $(HOME)/.cache/vouchsafe

.DEFAULT_GOAL := help
.PHONY: help dev nodes contract run demo test quick check fix map bench clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t12

.venv/installed: requirements.lock requirements-dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not on PATH: install Python 3.11 (with its venv module), or say 'make PYTHON=…'" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

dev: .venv/installed ## the virtual environment, from the lock file with hashes

nodes: dev ## build Kubo and geth into the cache (or find them on PATH)
	@$(PY) -m deploy.nodes build --cache "$(CACHE)"

contract: dev ## rebuild the ledger's ABI and bytecode (needs Node.js and npm)
	$(PY) consent/contract/build.py

run: dev nodes ## start the platform on http://localhost:8000
	$(PY) app.py

demo: dev nodes ## the main job on 5,014 real people, from enrolment to withdrawal
	$(PY) app.py demo --serve

test: dev nodes ## every test (at most 15 minutes on 2 cores)
	@# Side by side, since both mostly wait: for disks, for nodes, for processes to die.
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-stories test-parts

.PHONY: test-stories test-parts
test-stories:
	$(PY) -m pytest tests/stories

test-parts:
	$(PY) -m pytest tests --ignore=tests/stories

quick: dev ## the tests that need no node, in under a minute
	$(PY) -m pytest tests -m "not node and not slow"

check: dev nodes ## format, lint, types, imports, house rules, map, contract, coverage
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) tests/map.py --check
	$(PY) -m pytest tests/test_house.py
	$(PY) -m pytest tests -m "not slow" --cov --cov-report=term-missing:skip-covered --cov-fail-under=85

fix: dev ## format, and mend what the linter can
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

map: dev ## draw docs/map.md from the modules' first sentences
	$(PY) tests/map.py

bench: dev nodes ## every figure of docs/benchmarks.md, each beside its rival
	$(PY) -m bench

clean: ## remove what was built here (not var/, which is data)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache consent/contract/node_modules consent/contract/out consent/contract/cache
