# Everything a developer does, one word each. Needs python3 and make; the rest is installed into
# .venv the first time that a target needs it.

PYTHON ?= python3
VENV   ?= .venv
# The Pythons that `test-all` and `release` look for; names or paths.
PYTHONS ?= python3.11 python3.12 python3.13 python3.14
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q
# Of a Python, like 3.11; libraries have types for each.
VERSION_OF := -c 'import sys; print("%d.%d" % sys.version_info[:2])'

# mkdocs-material 9 announces its successor at each build.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help pictures demo-picture demo test test-all test-lowest check release fix docs serve-docs examples bench simulate promise chaos soak clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Watch lists arrive through the whole chain, and keep arriving when the primary goes down
	$(BIN)/irclient demo

test: $(VENV)/.test ## Run the test suite: first what no load disturbs, then the tests of time alone
	@failed=0; \
	$(BIN)/python -m pytest -m 'not timing' --durations=10 || failed=1; \
	echo "== tests of time, alone"; \
	$(BIN)/python -m pytest -m timing --durations=10 || failed=1; \
	exit $$failed

test-all: ## Run the test suite on each Python of 3.11 to 3.14 that is installed
	@for python in $(PYTHONS); do \
	    if $$python -c '' 2>/dev/null; then \
	        echo "== $$python"; \
	        own=.venv-$$($$python $(VERSION_OF)); \
	        $(MAKE) --no-print-directory test PYTHON=$$python VENV=$$own || exit 1; \
	    else \
	        echo "== $$python is not installed: skipped"; \
	    fi; \
	done

test-lowest: $(VENV)/.release ## Run the test suite with the lowest versions that pyproject.toml allows
	$(BIN)/uv venv -q --clear --python $(BIN)/python .venv-lowest
	$(BIN)/uv pip install -q --python .venv-lowest/bin/python --resolution lowest-direct -e '.[analysis,azure,cli,cook,django,emulator,fastapi,flask,opentelemetry,progress,prometheus,redis,server,shopify,spark]'
	$(BIN)/uv pip freeze -q --python .venv-lowest/bin/python | $(BIN)/python release/direct_versions.py > .venv-lowest/lowest.txt
	$(BIN)/uv pip install -q --python .venv-lowest/bin/python --constraints .venv-lowest/lowest.txt --group test
	# What the oldest versions of others warn of is theirs, and no error here.
	.venv-lowest/bin/python -m pytest -m 'not timing' -W default

check: $(VENV)/.check ## Check style, types, layers and the documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy --python-version $$($(BIN)/python $(VERSION_OF))
	$(BIN)/basedpyright --pythonpath $(BIN)/python --pythonversion $$($(BIN)/python $(VERSION_OF))
	$(BIN)/python scripts/pages.py
	$(BIN)/mkdocs build --strict --quiet --site-dir .cache/site
	$(BIN)/zensical build --strict

fix: $(VENV)/.check ## Mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

list-methods: $(VENV)/.check ## Write the clients' list methods from the query classes
	$(BIN)/python scripts/list_methods.py
	$(BIN)/ruff format irclient/_clients

pictures: $(VENV)/.check ## Draw the documentation's pictures from runs in virtual time
	$(BIN)/python -m scripts.pictures

demo-picture: $(VENV)/.check ## Draw the moving picture of the landing page from a run of the demo
	$(BIN)/python scripts/demo_picture.py

docs: $(VENV)/.docs ## Build the documentation into site/
	$(BIN)/python scripts/pages.py
	$(BIN)/mkdocs build --strict

serve-docs: $(VENV)/.docs ## Read the documentation at http://127.0.0.1:8800/irclient/
	$(BIN)/python scripts/pages.py
	$(BIN)/mkdocs serve --dev-addr 127.0.0.1:8800

examples: $(VENV)/.test ## Run every example
	@for example in examples/*.py examples/shopify_app; do echo "== $$example"; $(BIN)/python $$example || exit 1; done

bench: $(VENV)/.bench ## Measure beside the rivals, some minutes; the table in the documentation is made so
	$(BIN)/python -m benchmarks --write-docs

simulate: $(VENV)/.bench ## Simulate fleets in bad weather, some minutes; the table and plots are made so
	$(BIN)/python -m benchmarks.simulate --write-docs
	$(BIN)/python -m benchmarks.fleet.simulate --write-docs

promise: $(VENV)/.test ## Hold the promise under load against its bars, some minutes
	$(BIN)/python -m benchmarks.promise

chaos: $(VENV)/.test ## Run random fault schedules from many seeds, and every mutated answer
	CHAOS_SEEDS=10 HOSTILE_BODIES=1000000 $(BIN)/python -m pytest --timeout 600 tests/chaos tests/hostile

soak: $(VENV)/.test ## Mixed traffic under faults for minutes: nothing may grow
	$(BIN)/python -m benchmarks.soak

release: $(VENV)/.release ## Build dist/, check it, and try the wheel on each Python that is installed
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/python release/check_wheel.py dist/*.whl
	$(BIN)/python release/from_wheel.py dist/*.whl $(PYTHONS)
	$(MAKE) --no-print-directory test-lowest
	@echo "Good. Date the changelog, tag the commit, and upload dist/ with $(BIN)/twine upload dist/*"

clean: ## Remove everything that was made here
	rm -rf .venv .venv-* .cache site dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.pip:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.demo: $(VENV)/.pip pyproject.toml
	$(PIP) install -e '.[cli,emulator]'
	@touch $@

$(VENV)/.test: $(VENV)/.demo pyproject.toml
	$(PIP) install -e '.[analysis,cli,cook,django,emulator,fastapi,flask,opentelemetry,progress,prometheus,redis,server,shopify,spark]' --group test
	@touch $@

$(VENV)/.bench: $(VENV)/.test pyproject.toml
	$(PIP) install --group bench
	@touch $@

$(VENV)/.release: $(VENV)/.test pyproject.toml
	$(PIP) install --group release
	@touch $@

$(VENV)/.docs: $(VENV)/.demo pyproject.toml
	$(PIP) install --group docs
	@touch $@

$(VENV)/.check: $(VENV)/.test pyproject.toml
	$(PIP) install --group check --group docs
	@touch $@
