# `make help` tells what there is. PORT, RACE and GOARCH may be given, as in `make test RACE=1`.
.DEFAULT_GOAL := help
.PHONY: help install tools run invoke smoke event sam generate test modules fuzz mutate load contract clients screenshots lint build synth diff template deploy bench clean FORCE

TOOLS := $(CURDIR)/.local/bin
# The race detector needs cgo. It does not watch argon2, which would take half of the tests' processor time.
# Tests collect garbage less often, and are vetted by make lint.
# The SDK of AWS, which is most of what is compiled, is not optimized.
RACE_TEST := CGO_ENABLED=1 GOGC=400 go test -race -vet=off -gcflags=all=-dwarf=false \
	'-gcflags=github.com/aws/...=-N -l -dwarf=false' '-gcflags=golang.org/x/crypto/argon2=-race=false -dwarf=false'
FUNCTIONS := $(patsubst functions/%/lambda/main.go,%,$(wildcard functions/*/lambda/main.go))

help: ## tell what there is
	@sed -n 's/^\([a-z ]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 20

install: node_modules/.package-lock.json ## bring the local engine and inbox, if they are missing or old
node_modules/.package-lock.json: package.json package-lock.json
	@go run ./infra/local/install
	@touch $@

run: install ## start the whole product here, on PORT (8080); VERBOSE=1 also shows metrics, RETURN_ORIGINS=https://… are where people may return
	@go build -o .local/bin/identity-pools ./infra/local/run
	@exec .local/bin/identity-pools $(ARGS) # not `go run`, which leaves its child behind on SIGTERM

invoke: ## pass an event to one built function against make run: EVENT=admin.listPools, a route, or a file; also FUNCTION=pools, SET="CODE=123456 TICKET=x"
	@go run ./infra/local/invoke -event '$(EVENT)' $(FUNCTION:%=-function %) $(SET:%=-set %)

event: ## print the sample event of a route as API Gateway sends it: EVENT=admin.listPools
	@go run ./infra/local/invoke -print -event '$(EVENT)'

sam: install ## serve the deployment's template in SAM's containers against make run, which on Linux needs HOST=172.17.0.1
	npx cdk synth --quiet $(ARGS)
	go run ./infra/local/sam -template cdk.out/IdentityPools.template.json
	sam local start-api --template cdk.out/IdentityPools.template.json --env-vars .local/sam.json --add-host host.docker.internal:host-gateway

tools: # with the flags in GOFLAGS, unlike `go tool`, so that the standard library is compiled once
	@mkdir -p $(TOOLS) && go build -modfile=infra/check/tools/go.mod -o $(TOOLS) tool

generate: tools ## write the *_templ.go files of the pages, from their .templ files
	@for room in functions shared; do $(TOOLS)/templ fmt -log-level error $$room && $(TOOLS)/templ generate -log-level error -path $$room || exit 1; done

test: install ## run all tests; with the race detector: RACE=1; thoroughly: LONG=1; some: PACKAGES=./shared/... RUN=Codes SKIP=Mail
	$(if $(RACE),$(RACE_TEST),go test) -timeout 20m $(RUN:%=-run '%') $(SKIP:%=-skip '%') $(or $(PACKAGES),./...)
	$(if $(PACKAGES),,@$(MAKE) --no-print-directory modules)

modules: install ## run the tests of the deployment's stack and of the pages in a browser, which are modules of their own
	@go -C infra/deploy/stack test ./... & go -C infra/check/browser test $(SKIP:%=-skip '%') && wait $$!

fuzz: install ## send random requests to every route, TIMES (3000) of them, and say which is answered with 500
	go test ./infra/check/system -run '^$$' -fuzz FuzzRequest -fuzztime $(or $(TIMES),3000)x

mutate: install ## take protections out, one at a time, and say which no test holds; ARGS='-run cookie' some, ARGS=-list tells them
	@go run ./infra/check/mutate $(ARGS)

contract: install ## run the published Go client against the product (compiles for minutes the first time)
	go -C infra/check/contract test ./...

clients: install ## let other programs and libraries sign a person in (compiles for minutes the first time)
	go -C infra/check/clients test -vet=off .

screenshots: install ## make the pictures in docs/images anew, with a browser
	BROWSER=required go -C infra/check/browser test -run Pictures -update

lint: tools ## check format, vet, staticcheck, go.mod, known vulnerabilities
	@unformatted="$$($(TOOLS)/gofumpt -l .)" && if [ -n "$$unformatted" ]; then echo "not formatted by gofumpt: $$unformatted"; exit 1; fi
	@for module in . infra/deploy/stack infra/check/contract infra/check/browser infra/check/clients; do echo "vet, staticcheck, tidy: $$module" && go -C $$module vet ./... && \
		(cd $$module && $(TOOLS)/staticcheck ./... && go mod tidy -diff) || exit 1; done; go -C infra/check/tools mod tidy -diff
	@$(TOOLS)/govulncheck ./... || { [ $$? -ne 3 ] && echo 'warning: govulncheck could not finish (no way to its database?)'; }

build: $(FUNCTIONS:%=dist/%/bootstrap) dist/throttle/bootstrap ## build the functions as dist/<function>/bootstrap, for GOARCH (arm64); the same sources give the same bytes

dist/throttle/bootstrap: MAIN := ./infra/deploy/throttle/lambda
dist/%/bootstrap: FORCE
	@echo $@ && GOFLAGS= GOOS=linux GOARCH=$(or $(GOARCH),arm64) CGO_ENABLED=0 go build -tags lambda.norpc \
		-trimpath -buildvcs=false -gcflags=all=-dwarf=false -ldflags='-s -w -buildid=' -o $@ $(or $(MAIN),./functions/$*/lambda)

synth diff: install ## build, then the CDK's command with ARGS, like ARGS='-c mailFrom=no-reply@example.com'
	npx cdk $@ $(if $(filter synth,$@),--quiet) $(ARGS)

# W2001 is about the parameter that keeps a template without a sender from being deployed, W3005 about
# functions that depend on their role twice, as the CDK makes them.
template: ## check the template in cdk.out with cfn-lint, if that is installed
	@if cfn-lint --version >/dev/null 2>&1; then cfn-lint --ignore-checks W2001 W3005 -- cdk.out/*.template.json && echo 'cfn-lint has no complaint'; \
		else echo 'cfn-lint is not installed, so the template is not checked with it: pip install cfn-lint'; fi

deploy: install ## build and deploy with ARGS, unless the stack would lose its table, which OTHER_TABLE=1 allows
	npx cdk synth --quiet $(ARGS)
	@go -C infra/deploy/stack run ./guard -assembly '$(CURDIR)/cdk.out' $(if $(OTHER_TABLE),-other-table) -- $(ARGS)
	npx cdk deploy --app cdk.out --build '' $(ARGS) # what was looked at, and not made again

smoke: ## check a deployment over HTTP: ARGS='-url https://… -admin admin.json -system system.json'; what make run has started: ARGS=-local
	@go run ./infra/operate/smoke $(ARGS)

load: install ## a minute of callers while the engine is killed, then the check that nothing was lost; ARGS='-rate 10 -kill=false'
	@go run ./infra/check/load $(ARGS)

bench: install ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

clean: ## forget what was stored and built, unless make run uses it
	@go run ./infra/local/clean
