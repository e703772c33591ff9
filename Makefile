# Two targets set everything up on a fresh machine: demo and test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
export UV_PYTHON_DOWNLOADS := never
# As pip does: behind a company proxy, its certificate is in the store of the system.
export UV_SYSTEM_CERTS := 1
# What is imported a thousand times by the tests is compiled once, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=
INSTALLED := $(VENV)/.installed

# Extras too heavy for demo and test; each has a lock file of its own and is tested by test-all.
HEAVY_EXTRAS := aws azure gcp sentry container s3-tests comments pages browser-tests predict cluster cluster-tests spark spark-tests

# Tests that start no process, no server and no run of Dagster.
UNIT_TESTS := $(addprefix spotify_assets_tests/,schemas text transforms)

.PHONY: help demo test test-unit coverage test-all gate baselines dev bench soak soak-cluster docs lint format types wheel release-check lock clean

help:  ## What there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 15

demo: $(INSTALLED)  ## Make a warehouse from the sandbox, without an account
	$(BIN)/spotify-assets demo

# A file is one worker's, as fixtures are made once for it; conftest.py has the dearest begin first.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
COVERAGE := --cov --cov-report=term --cov-fail-under=85

# The type check has one process: the tests have the other core meanwhile.
test: lint  ## Lint, types, tests
	$(BIN)/mypy & types=$$!; \
	$(PYTEST) -m "not slow"; tests=$$?; \
	wait $$types && exit $$tests

test-unit: $(INSTALLED)  ## In a minute: contracts, text and transforms alone
	$(PYTEST) -m "not slow" $(UNIT_TESTS)

# Python 3.11 traces each line that is run, which takes an eighth to a fifth of the time.
coverage: $(INSTALLED)  ## The same tests, and how many of the lines and branches they run
	$(PYTEST) -m "not slow" $(COVERAGE)

test-all: $(HEAVY_EXTRAS:%=$(VENV)/.installed-%) lint types  ## With the full matrices and long properties, and coverage
	$(PYTEST) --hypothesis-profile=thorough $(COVERAGE)

gate: $(VENV)/.installed-comments  ## Whether the labellers of comments are as good as before
	$(BIN)/pytest -rs spotify_assets_tests/learning/labellers spotify_assets_tests/learning/evaluation

baselines: $(VENV)/.installed-comments  ## Take what the gate compares with; its changes are reviewed
	$(BIN)/python -m spotify_assets.learning.evaluation.baselines $(ACCEPT)

dev: $(INSTALLED)  ## The Dagster UI on http://127.0.0.1:3000, or another: make dev PORT=3001
	$(BIN)/spotify-assets dev $(if $(PORT),--port $(PORT))

bench: $(INSTALLED)  ## Measure speed and memory; prints tables
	$(BIN)/python -m benchmarks

soak: $(INSTALLED)  ## Kill collecting and the lake 200 times each: nothing is lost; into an S3: make soak ON_S3=1
	$(BIN)/python -m benchmarks.soak $(if $(ON_S3),--on-s3)
	$(BIN)/python -m benchmarks.killed_lake $(if $(ON_S3),--on-s3)

soak-cluster: $(VENV)/.installed-s3-tests  ## Kill one of two machines 20 times; then two accounts against one
	$(BIN)/python -m benchmarks.cluster --times $(or $(TIMES),20)
	$(BIN)/python -m benchmarks.cluster --accounts

docs: $(INSTALLED)  ## Make the data dictionary from the contracts
	$(BIN)/python -m spotify_assets.schemas.dictionary > docs/tables.md

lint: $(INSTALLED) $(VENV)/.scanned
	$(BIN)/ruff check
	$(BIN)/ruff format --check

# Every file of the repository that changed since it was last scanned for secrets; the first time all.
TRACKED := $(wildcard $(filter-out %.lock,$(shell git ls-files 2>/dev/null)))
$(VENV)/.scanned: $(TRACKED) $(INSTALLED)
	@printf '%s\n' $(filter-out $(VENV)/%,$?) | xargs -r -n 100 -P 2 \
		$(BIN)/detect-secrets-hook --exclude-secrets '^(?i:password)$$'
	touch $@

types: $(INSTALLED)
	$(BIN)/mypy

wheel: $(INSTALLED)  ## Build the wheel and the source package into dist/
	$(BIN)/python -m build --no-isolation

release-check: $(INSTALLED)  ## Whether a tag is the version's, and the changelog has it: make release-check TAG=v0.2.0
	test "$(TAG)" = "v$$($(BIN)/python -c 'from importlib.metadata import version as v; print(v("spotify-assets"))')" \
		|| { echo "The tag is $(TAG): set the same version in pyproject.toml, without its v."; exit 1; }
	grep -q '^## $(TAG:v%=%)$$' CHANGELOG.md \
		|| { echo "CHANGELOG.md has no section ## $(TAG:v%=%): give what is unreleased that name."; exit 1; }

format: $(INSTALLED)  ## Put the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" pyproject.toml

lock: $(INSTALLED)  ## Resolve the newest versions that pyproject.toml allows
	$(COMPILE) --upgrade --extra keyring --extra dev -o requirements.lock
	for extra in $(HEAVY_EXTRAS); do $(COMPILE) --upgrade --extra $$extra \
		--constraint requirements.lock -o requirements-$$extra.lock || exit 1; done

# The versions of the lock file, no others; the project itself from this folder.
$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or later is needed: make PYTHON=python3.12 …"'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.installed-%: requirements-%.lock $(INSTALLED)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $<
	touch $@

clean:  ## Remove what make made; data/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .coverage* build *.egg-info
