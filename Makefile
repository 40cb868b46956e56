# Each target is one script; README.md gives the same commands for a machine without make.
.DEFAULT_GOAL := help
.PHONY: run test quick bench drill lock help

run: ## Install what is needed and run the application on http://localhost:8000 (HOST and PORT change that)
	@sh scripts/run.sh

test: ## Every check and every test, the browser's too
	@sh scripts/test.sh

quick: ## Every check and every test but the browser's
	@sh scripts/test.sh quick

bench: ## Measure against the reference application and the budgets; exit 1 when one is exceeded (a quarter of an hour)
	@sh scripts/bench.sh

drill: ## Try on the real programs what must hold when things go wrong; exit 1 when it does not (minutes)
	@sh scripts/drill.sh

lock: ## Lock the dependencies of pyproject.toml (UPGRADE=--upgrade takes the newest)
	@sh scripts/lock.sh $(UPGRADE)

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
