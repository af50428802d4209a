#!/usr/bin/env bash
# Generates everything that is generated, and says which mapping lines of each
# dealer a change of the specification touches. Run it by `make generate`.
set -euo pipefail
cd "$(dirname "$0")/.."

go generate ./gen/...
go list -e ./... | grep -v /gen | xargs -r go generate
go run ./gen/specdiff -old HEAD
