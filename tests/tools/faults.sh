#!/bin/sh
# SPDX-License-Identifier: MIT
# faults.sh FOLDER: how many of the fault catalogue's 143 cases are whole, from the lines "whole:" and
# "broken:" that the runs logged in FOLDER/*.log have printed. A case that several builds try counts
# when it is broken in none.
set -eu

awk '
/^whole:/  { for (i = 2; i <= NF; i++) whole[$i] }
/^broken:/ { for (i = 2; i <= NF; i++) broken[$i] }
END {
    for (id in whole)
        count += !(id in broken)
    for (id in broken)
        print "not whole: " id
    printf "faults %d/143\n", count
}' "$1"/*.log
