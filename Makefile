# Every target makes what it needs. Nothing is installed outside .venv, node_modules and CACHE.
CACHE ?= $(or $(VOUCHSAFE_CACHE),$(HOME)/.cache/vouchsafe)
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	$$python -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo $$python; break; }; done)
PY := .venv/bin/python
INSTALL = $(if $(PYTHON),,$(error Python 3.11, 3.12 or 3.13 with its venv module is not on PATH. Install one, or run: make PYTHON=/path/to/python))$(PYTHON) -m deploy.environments
# The folder of a tool's programs, in an environment of its own; installed at its first use.
TOOL = $$($(INSTALL) tool $(1) --cache "$(CACHE)")

# Modules are compiled once: in a container that sets this variable, each process compiles them again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help dev nodes contract run demo demo-fhir test test-town test-lower test-web test-kills test-homes test-models test-services coverage quick check check-locks check-runtime-lock check-development-lock analyse audit fix map bench lock release doctor clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t14

.venv/runtime: requirements.lock deploy/tools/build.lock
	@echo "installing the packages of requirements.lock into .venv" >&2
	@$(INSTALL) install .venv requirements.lock >/dev/null
	@touch $@

.venv/bin/vouchsafe: .venv/runtime
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

.venv/dev: .venv/bin/vouchsafe requirements-dev.lock
	@echo "installing the packages of requirements-dev.lock into .venv" >&2
	@$(INSTALL) install .venv requirements-dev.lock >/dev/null
	@touch $@

dev: .venv/dev ## install what the tests and checks need

nodes: .venv/bin/vouchsafe ## find Kubo and geth on PATH, or build them into the cache
	@$(PY) -m deploy.nodes build --cache "$(CACHE)"

contract: .venv/runtime ## rebuild the ledger's ABI and bytecode (needs Node.js and npm)
	$(PY) consent/contract/build.py

run: nodes ## start the platform on http://localhost:8000
	VOUCHSAFE_CACHE="$(CACHE)" .venv/bin/vouchsafe

demo: nodes ## run the whole process on 5,014 real people, from enrolment to withdrawal
	VOUCHSAFE_CACHE="$(CACHE)" .venv/bin/vouchsafe demo --serve

demo-fhir: nodes ## deposit the NAFLD study as FHIR (526,842 resources) and train three questions
	VOUCHSAFE_CACHE="$(CACHE)" .venv/bin/vouchsafe demo-fhir

doctor: .venv/bin/vouchsafe ## check this machine; each problem comes with its remedy
	@VOUCHSAFE_CACHE="$(CACHE)" .venv/bin/vouchsafe doctor

test: .venv/dev nodes ## run every test
	@# Three at a time, the longest first: each waits for nodes, browsers, processes to end; the kills most.
	@# One that fails does not stop the others (-k).
	@$(MAKE) --no-print-directory -j3 -k --output-sync=target test-lower test-web test-homes test-town test-kills test-models test-services

# Databases and nodes wait until each write is on the disk. In memory they need not, and what tests
# end are processes, never the machine. Where there is little of it, the usual folder is used.
MEMORY = $(shell df -kP /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 6000000 { print "/dev/shm" }')
# PostgreSQL, which runs as another user, passes through the folder.
PYTEST = @echo "$@" && folder=$$(mktemp -d -p "$(MEMORY)" v.XXXX) && trap 'rm -rf "$$folder"' EXIT \
	&& trap 'exit 130' INT TERM && chmod 711 "$$folder" && TMPDIR="$$folder" $(PY) -m pytest

LOWER := consent storage records deploy
# Stories with homes of their own; the others share one home, that of the whole demo.
HOMES := $(patsubst %,tests/stories/test_%.py,a_data_team_needs_no_python a_doubtful_ledger_refuses \
	a_lost_phone_is_replaced an_old_installation_goes_on bad_input_changes_nothing the_demo_runs_on_postgresql)
KILLS := tests/stories/test_nothing_acknowledged_is_lost.py

test-town:
	$(PYTEST) tests/stories $(HOMES:%=--ignore=%) --ignore=$(KILLS)

test-homes:
	$(PYTEST) $(HOMES)

test-kills:
	$(PYTEST) $(KILLS)

test-lower:
	$(PYTEST) $(LOWER:%=tests/%) -m "not install"

test-models:
	$(PYTEST) tests/models

test-web:
	$(PYTEST) tests/web -m "not install"

test-services:
	$(PYTEST) tests --ignore=tests/stories --ignore=tests/web --ignore=tests/models $(LOWER:%=--ignore=tests/%) -m "not install"

coverage: .venv/dev nodes ## run all tests but the stories with coverage, at least 85 %
	$(PYTEST) tests --ignore=tests/stories -m "not install" --cov --cov-report=term:skip-covered --cov-fail-under=85

quick: .venv/dev ## run the tests that need no node
	$(PYTEST) tests -m "not node and not slow and not install"

check: .venv/dev ## format, lint, types, imports, map, house rules, contract
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	@$(MAKE) --no-print-directory analyse
	$(PY) tests/map.py --check
	$(PY) -m pytest tests/test_house.py tests/test_language.py

check-locks: .venv/dev ## install each lock with every supported Python here, with old and new pip
	@$(MAKE) --no-print-directory -j2 --output-sync=target check-runtime-lock check-development-lock

check-runtime-lock:
	$(PY) -m pytest tests/deploy/test_locks.py -m install -k runtime

check-development-lock:
	$(PY) -m pytest tests/deploy/test_locks.py tests/deploy/test_release.py -m install -k "development or release"

analyse: .venv/dev ## analyse the ledger's contract with slither (needs Node.js and npm)
	$(PY) -m deploy.contract_analysis "$(call TOOL,slither)/slither"

audit: .venv/runtime ## look for known vulnerabilities of the locked packages (asks the package index)
	"$(call TOOL,pip-audit)/pip-audit" --strict --disable-pip --require-hashes -r requirements.lock

fix: .venv/dev ## format, and correct what the linter can
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

map: .venv/dev ## write docs/map.md from the modules' first sentences
	$(PY) tests/map.py

bench: .venv/dev nodes ## run the benchmarks, and write their sections of docs/benchmarks.md
	$(PY) -m bench

COMPILE = "$(call TOOL,uv)/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(if $(UPGRADE),--upgrade)
lock: ## write the lock files from their .txt files (UPGRADE=1: with the newest versions)
	@for name in deploy/tools/*.txt; do echo "$${name%.txt}.lock"; $(COMPILE) $$name -o $${name%.txt}.lock || exit 1; done
	$(COMPILE) requirements.txt -o requirements.lock
	$(COMPILE) --constraint requirements.lock requirements-dev.txt -o requirements-dev.lock

release: .venv/bin/vouchsafe ## write sources, SBOM (CycloneDX) and checksums to dist/
	$(PY) -m deploy.release "$(call TOOL,cyclonedx)/cyclonedx-py"

clean: ## remove what was built here (not var/, which is data)
	rm -rf .venv .venv.lock *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache consent/contract/node_modules consent/contract/out consent/contract/cache
