#!/usr/bin/env bash
# Runs every fuzz target of the module for a short time: fuzz.sh TAGS TIME
set -euo pipefail
cd "$(dirname "$0")/.."
tags=$1 time=$2
found=0
mkdir -p .cache
while IFS=: read -r file line; do
  name=${line#func }
  name=${name%%(*}
  found=$((found + 1))
  printf '%s %s\n' "./$(dirname "$file")" "$name"
  # Silent unless it finds something: the progress lines tell nobody anything.
  go test -tags "$tags" -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$(dirname "$file")" >.cache/fuzz.log 2>&1 ||
    { cat .cache/fuzz.log; exit 1; }
done < <(grep -rho --include='*_test.go' --exclude-dir='.*' -H '^func Fuzz[A-Za-z0-9_]*(' . | sed 's#^\./##' | sort)
printf '%d fuzz targets, %s each, nothing found\n' "$found" "$time"
