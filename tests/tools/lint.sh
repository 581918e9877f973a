#!/bin/sh
# SPDX-License-Identifier: MIT
# lint.sh FILE STAMP [COMPILER FLAG…]: how FILE is set, and for a .c file what cppcheck and
# clang-tidy find in it. Touches STAMP when there is nothing to say.
set -eu
file=$1
stamp=$2
shift 2
mkdir -p "$(dirname "$stamp")"

# Another version sets some lines otherwise; .clang-format is written for this one.
case $(clang-format --version) in
*'version 14.'*) clang-format --dry-run -Werror "$file" ;;
esac

# Of no use in tests: it cannot read CUnit's macros.
case $file in
tests/*) ;;
*.c)
    cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr \
        --suppress=missingIncludeSystem --suppress=varFuncNullUB --error-exitcode=1 -D_GNU_SOURCE -I. \
        '-DcJSON_ArrayForEach(item,array)=while((item=(array)->next))' "$file"
    ;;
esac

case $file in
*.c)
    # Says "N warnings generated" of system headers even when quiet.
    clang-tidy --quiet "$file" -- "$@" >"$stamp.log" 2>&1 || { cat "$stamp.log"; exit 1; }
    rm -f "$stamp.log"
    ;;
esac
touch "$stamp"
