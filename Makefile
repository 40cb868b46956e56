# Each target is one script; README.md gives the same commands for a machine without make.
.DEFAULT_GOAL := help
.PHONY: run test quick lock help

run: ## Install what is needed and run the application on http://localhost:8000 (HOST and PORT change that)
	@sh scripts/run.sh

test: ## Every check and every test, the browser's too
	@sh scripts/test.sh

quick: ## Every check and every test but the browser's
	@sh scripts/test.sh quick

lock: ## Lock the dependencies of pyproject.toml (UPGRADE=--upgrade takes the newest)
	@sh scripts/lock.sh $(UPGRADE)

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
