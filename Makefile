# Every verb of the project. The first two need nothing but Python 3.11 and make.
.PHONY: demo test check fix up down bench bench-cohort bench-dvh bench-labels bench-gateway bench-fusion lock clean
PY := .venv/bin/python

# An image may set it, and each server and flow run would compile Prefect anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE

demo: .venv  ## pull a synthetic cohort out of a real Orthanc, and show its DVHs
	@$(PY) -m deployments.demo

test: .venv  ## every test, in two processes, on real servers, too; ARGS=tests/flows for some in one
	@$(PY) -m deployments.prepare
	@$(PY) -m imaging.rt.warm
	@$(PY) -m pytest $(or $(ARGS),-n 2 --durations 20)

check: .venv  ## the static part: style, types, layers, secrets
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@git ls-files -z --cached --others --exclude-standard | \
	    xargs -0 .venv/bin/detect-secrets-hook --exclude-files '^(requirements\.lock|LICENSE)$$'

fix: .venv  ## what ruff can mend by itself
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

up: .venv  ## start the demo's servers and leave them running
	@$(PY) -m deployments.up

down: .venv  ## stop what `make up` started, and nothing else
	@$(PY) -m deployments.up down

bench: .venv  ## ratios against other ways of doing the same, in one run
	@$(PY) -m benchmarks

bench-cohort: .venv  ## whole extractions: against PDCP's way, from far away, and of 10,000 patients
	@$(PY) -m benchmarks cohort

bench-dvh: .venv  ## DVHs against known ones, and against dicompyler-core
	@$(PY) -m benchmarks dvh

bench-labels: .venv  ## label maps filtered and measured, against nibabel, SimpleITK and gzip alone
	@$(PY) -m benchmarks labels

bench-gateway: .venv  ## the gateway: ranges against nginx, first bytes, health while it filters
	@$(PY) -m benchmarks gateway

bench-fusion: .venv  ## fusions: packing, meshes, callbacks, and results on real servers; some ten minutes
	@$(PY) -m benchmarks fusion

lock: .venv  ## resolve pyproject.toml anew into requirements.lock
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --group dev pyproject.toml \
	    --custom-compile-command "make lock" --output-file requirements.lock

clean:  ## what the demo and the tests left; results under data/ stay
	@[ ! -x $(PY) ] || $(PY) -m deployments.up down
	@rm -rf imaging/rt/__pycache__/numba-* .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: .venv
.venv:
	@sh deployments/bootstrap.sh
