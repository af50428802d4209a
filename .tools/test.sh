#!/usr/bin/env bash
# Everything there is to prove, on a machine that may have nothing but Go: run
# it by `make test`. It installs what is missing where it may (apt as root, or
# with a sudo that asks no password) and otherwise says in one line what to do.
set -euo pipefail
cd "$(dirname "$0")/.."

tags=${TAGS:-nomsgpack}
cache=$PWD/.cache
mkdir -p "$cache/bin"

step() { printf '\n== %s (at %d s)\n' "$1" "$SECONDS"; }
die() { printf 'make test: %s\n' "$1" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
may_install() {
  have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }
}
install() { # install PACKAGE...: quiet when all is well
  local log=$cache/apt.log
  {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" ||
      { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }
  } >"$log" 2>&1 </dev/null || { tail -n 5 "$log" >&2; return 1; }
}

step 'this machine'
have go || die "Go is missing: install the version that go.mod names, https://go.dev/dl"
go version

# The race detector is C code.
if ! have "$(go env CC)"; then
  may_install && install gcc libc6-dev || die "a C compiler is missing (the race detector needs one): install gcc"
fi

# A server named by DEALERBRIDGE_TEST_DSN serves most tests; those that restart
# their server or limit it need one of their own beside it.
withdb=$cache/bin/withdb
go build -tags "$tags" -o "$withdb" ./adapters/adaptertest/dbserver/withdb
has_server() { "$withdb" -installed >/dev/null 2>&1; }
if ! has_server && may_install; then
  # The core package has no service that starts by itself; where a distribution
  # does not split it off, the whole server does as well.
  { install mariadb-server-core mariadb-client-core && has_server; } || install mariadb-server ||
    printf 'the MariaDB packages could not be installed\n' >&2
fi
"$withdb" -check # says which server, or what to do

# The public linter of the specifications runs on Node.js.
node_fits() {
  have node && have npm && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1);'
}
if ! have node || ! have npm; then
  may_install && install nodejs npm || die "Node.js 20.19 or later with npm is missing (the specification linter runs on it): install nodejs and npm"
fi
if ! node_fits; then # older than the linter wants: fetch one of its own
  npm ci --prefix .tools/node --ignore-scripts --loglevel=error </dev/null ||
    die "Node.js $(node --version) is too old for the specification linter: install 20.19 or later"
  PATH=$PWD/.tools/node/node_modules/.bin:$PATH
  node_fits || die "Node.js $(node --version) is too old for the specification linter: install 20.19 or later"
fi
printf 'node %s\n' "$(node --version)"

step 'linters'
make --no-print-directory lint lint-openapi

step 'generated code'
make --no-print-directory check-generated

step 'static binary'
make --no-print-directory build

step 'fuzz, a short run of every target'
make --no-print-directory fuzz

step 'all tests: unit, database, HTTP end to end, with the race detector'
# SQLite's library is C that was translated: it keeps its order by its own locks,
# and to watch its every access takes eight times as long. What calls it is watched.
unwatched=(-gcflags='modernc.org/sqlite/lib=-race=false' -gcflags='modernc.org/libc/...=-race=false')
# One server for all packages.
CGO_ENABLED=1 "$withdb" go test -race "${unwatched[@]}" -tags "$tags,server" -timeout 20m ./...

step 'answers in memory that is overwritten when it was given back'
make --no-print-directory spoil

printf '\nmake test: everything passed in %d s\n' "$SECONDS"
