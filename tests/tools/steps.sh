#!/bin/sh
# SPDX-License-Identifier: MIT
# steps.sh FOLDER 'NAME: COMMAND'…: runs the commands one after the other, keeps what each prints in
# FOLDER/NAME.log, and closes with a line a step and the sum of their "N passed, N failed, N
# skipped". A step that prints no such line counts as one. A failed step does not stop the others;
# the exit code tells.
set -u
folder=$1
shift

# `make -n` runs a line that holds $(MAKE) all the same.
flags=${MAKEFLAGS:-}
case ${flags%% *} in
-* | *=*) ;;
*n*)
    printf '%s\n' "$@"
    exit
    ;;
esac
mkdir -p "$folder"
rm -f "$folder"/*.log "$folder/steps"

for step; do
    name=${step%%: *}
    start=$(date +%s)
    { sh -c "${step#*: }" 2>&1; echo $? >"$folder/code"; } | tee "$folder/$name.log"
    echo "$name $(cat "$folder/code") $(($(date +%s) - start))" >>"$folder/steps"
done

while read -r name code time; do
    tail -n 1 "$folder/$name.log" | awk -v name="$name" -v code="$code" -v time="$time" '
    /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { passed = $1; failed = $3; skipped = $5 }
    END {
        if (code != 0 && failed == 0)
            failed++
        if (passed + failed + skipped == 0)
            passed++
        print name, code, time, passed + 0, failed + 0, skipped + 0
    }'
done <"$folder/steps" >"$folder/sums"

awk '
{
    printf "%-10s %-7s %5d s  %d passed, %d failed, %d skipped\n", $1, $2 ? "FAILED" : "ok", $3, $4, $5, $6
    passed += $4
    failed += $5
    skipped += $6
}
END {
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0
}' "$folder/sums"
