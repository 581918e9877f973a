#!/bin/sh
# SPDX-License-Identifier: MIT
# cover.sh BUILD: what the tests that ran in BUILD have reached, by file below 90 % of lines and by
# room. Lines and branches as gcov counts them; our own code only.
set -eu
build=$1
find "$build/core" "$build/history" "$build/tui" -name '*.gcda' 2>/dev/null | sort | while read -r data; do
    gcov -b -n -o "$(dirname "$data")" "$data" 2>/dev/null
done | awk '
    /^File / { file = substr($2, 2, length($2) - 2); ours = file ~ "^(core|history|tui)/.*[.]c$" }
    ours && /^Lines executed:/ { split($0, a, /[:% ]+/); lines[file] = $NF; hit[file] = a[3] * $NF / 100 }
    ours && /^Taken at least once:/ { split($0, a, /[:% ]+/); branches[file] = $NF; taken[file] = a[5] * $NF / 100 }
    /^$/ { ours = 0 }
    function row(name, h, l, t, b) {
        printf "%-34s %6.1f %% of %6d lines   %6.1f %% of %6d branches\n", name,
            l ? 100 * h / l : 100, l, b ? 100 * t / b : 100, b | "sort"
    }
    END {
        for (f in lines) {
            room = f
            sub("/[^/]*$", "", room)
            L[room] += lines[f]; H[room] += hit[f]; B[room] += branches[f]; T[room] += taken[f]
            l += lines[f]; h += hit[f]; b += branches[f]; t += taken[f]
            if (hit[f] < 0.9 * lines[f])
                row(f, hit[f], lines[f], taken[f], branches[f])
        }
        close("sort")
        print ""
        for (room in L)
            row(room, H[room], L[room], T[room], B[room])
        close("sort")
        row("all", h, l, t, b)
    }'
