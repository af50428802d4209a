#!/usr/bin/env bash
# Fails if anything generated differs from its source: changed, left over, missing
# or not known to git. It generates in a copy and leaves the tree alone. Run it by
# `make check-generated`.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/is" "$copy/should"
tar -c --exclude=./.git --exclude=./.cache --exclude=./bin --exclude=./dist --exclude=node_modules . | tar -x -C "$copy/is"
cp -R "$copy/is/." "$copy/should"

# What nothing generates any more must not survive in the copy.
find "$copy/should/gen" -name '*.gen.go' -delete
(
  cd "$copy/should"
  go generate ./gen/...
  go list -e ./... | grep -v '/gen' | xargs -r go generate
) || { printf 'check-generated: generating failed\n' >&2; exit 1; }

faults=0
if ! (cd "$copy" && diff -r -q is should); then
  printf 'check-generated: the files above are not what their sources make; run make generate\n' >&2
  faults=1
fi
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  mark='^(// Code generated .* DO NOT EDIT\.|<!-- Code generated .* DO NOT EDIT\. -->)'
  unknown=$(git ls-files --others --exclude-standard -z | xargs -0 -r grep -l -E "$mark" || true)
  if [ -n "$unknown" ]; then
    printf '%s\n' "$unknown"
    printf 'check-generated: the generated files above are not committed\n' >&2
    faults=1
  fi
fi
exit "$faults"
