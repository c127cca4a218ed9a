# The few words a person needs; the scripts do the work and can be called alone.
.PHONY: build package run demo attack sabotage tamper test test-long test-integration assurance bench fmt deps
.NOTPARALLEL:

build:             ## the release binary: build/release/bin/firebreak
	@scripts/deps.sh build
	@cmake --preset release >/dev/null
	@cmake --build --preset release

package:           ## a Debian package in build/package, with systemd units, manual, completion, alert rules
	@scripts/package.sh

run:               ## the fraud story, live, until Ctrl-C (FRESH=1 plays it anew)
	@scripts/run.sh

demo:              ## the fraud story to its end, report in build/demo
	@scripts/demo.sh

attack:            ## while `make run` plays: the live attacker at ten more targets
	@examples/fraud/try.sh attack

sabotage:          ## while `make run` plays: breaks the canary; it is taken back by itself
	@examples/fraud/try.sh sabotage

tamper:            ## changes one octet in a copy of the story's logs; verify finds it
	@examples/fraud/try.sh tamper

test:              ## everything that needs nothing from outside, and 5 s of each fuzz target
	@scripts/test.sh

test-long:         ## the slow ones: more kills, more cases, and the playbook engine's mutations
	@scripts/deps.sh build test
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev
	@ctest --preset long
	@test/property/playbook/mutate_routing.py

test-integration:  ## against other people's software
	@scripts/test_integration.sh

assurance:         ## the slow ones and all fuzz targets, counted in docs/ASSURANCE.md
	@scripts/assurance.sh

bench:             ## figures as JSON, in build/bench
	@scripts/bench.sh

fmt:               ## formats the sources that git knows
	@scripts/deps.sh fmt
	@git ls-files '*.cc' '*.h' | xargs -r clang-format-16 -i

deps:              ## installs what building and testing need; INSTALL=0 only says what is missing
	@scripts/deps.sh build test
