#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh TARGET SECONDS: fuzzes with the built TARGET (…/fuzz_NAME), starting from
# tests/fuzz/corpus/NAME and from what earlier runs found; a crash prints its input. A target built
# without clang's runtime replays the corpus instead.
set -eu
target=$1
seconds=$2
name=$(basename "$target")
name=${name#fuzz_}
seeds=tests/fuzz/corpus/$name
found=$(dirname "$target")/found/$name
mkdir -p "$found/corpus"
[ -d "$seeds" ] || { echo "fuzz: $name has no $seeds"; exit 1; }

if ! "$target" -help=1 2>&1 | grep -q max_total_time; then
    "$target" "$seeds"
    echo "fuzz: $name: corpus replayed (no clang runtime to fuzz with)"
    exit
fi
dictionary=tests/fuzz/$name.dict
[ -f "$dictionary" ] && set -- -dict="$dictionary" || set --
if "$target" "$@" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
    -print_final_stats=1 -verbosity=1 -artifact_prefix="$found/" \
    "$found/corpus" "$seeds" >"$found/log" 2>&1; then
    awk -v name="$name" '/number_of_executed_units/ { n = $2 } / cov: / { cov = $4 }
        END { printf "fuzz: %-16s %d inputs, %d edges\n", name, n, cov }' "$found/log"
    exit
fi
tail -n 60 "$found/log"
for input in "$found"/crash-* "$found"/timeout-* "$found"/oom-* "$found"/leak-*; do
    [ -f "$input" ] || continue
    echo "fuzz: $name: again with: $target $input"
    od -A d -t x1z "$input" | head -n 40
done
exit 1
