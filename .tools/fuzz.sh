#!/usr/bin/env bash
# Runs every fuzz target of the module for a short time: fuzz.sh TAGS TIME
set -euo pipefail
cd "$(dirname "$0")/.."
tags=$1 time=$2
found=0

# On a busy machine Go's fuzzer can end in the middle of an input when its time
# is over, and calls that a failure: "context deadline exceeded" is then all it
# says. Whatever it finds, it names the input or the seed.
only_out_of_time() {
  grep -qx ' *context deadline exceeded' .cache/fuzz.log &&
    ! grep -qiE 'failing input|seed corpus entry|panic|_test\.go:' .cache/fuzz.log
}

mkdir -p .cache
while IFS=: read -r file line; do
  name=${line#func }
  name=${name%%(*}
  found=$((found + 1))
  printf '%s %s\n' "./$(dirname "$file")" "$name"
  # Silent unless it finds something: the progress lines tell nobody anything.
  go test -tags "$tags" -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$(dirname "$file")" >.cache/fuzz.log 2>&1 ||
    only_out_of_time || { cat .cache/fuzz.log; exit 1; }
done < <(grep -roH --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*(' openapi gen adapters server mappings cmd | sort)
[ "$found" -gt 0 ] || { printf 'fuzz: no fuzz target found, the search must be broken\n' >&2; exit 1; }
printf '%d fuzz targets, %s each, nothing found\n' "$found" "$time"
