#!/bin/sh
# SPDX-License-Identifier: MIT
# readme.sh BUILD: runs every `sh` block of README.md, in order, each in a shell of its own that
# stops at the first command that fails. A block right under a line `<!-- not run: WHY -->` is shown
# and counted as skipped. The programs of BUILD come first in PATH; home and state are a temporary
# folder.
set -u
build=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/home" "$scratch/state" "$scratch/config" "$scratch/work" "$scratch/runtime"
chmod 700 "$scratch/runtime"

awk -v to="$scratch/block" '
    /^<!-- not run: .*-->$/ { why = $0; gsub(/^<!-- not run: | -->$/, "", why); next }
    /^```sh$/ { n++; inside = 1; file = sprintf("%s%03d", to, n); printf "" >file
        if (why != "") print why >(file ".why"); why = ""; next }
    /^```/ { inside = 0; next }
    inside { print >file }
    /./ { why = "" }' README.md

passed=0 failed=0 skipped=0
for block in "$scratch"/block???; do
    [ -f "$block" ] || continue
    if [ -f "$block.why" ]; then
        skipped=$((skipped + 1))
        echo "skipped: $(head -n 1 "$block") ($(cat "$block.why"))"
        continue
    fi
    if env -u MAKEFLAGS -u MAKELEVEL HOME="$scratch/home" XDG_STATE_HOME="$scratch/state" \
        XDG_CONFIG_HOME="$scratch/config" XDG_RUNTIME_DIR="$scratch/runtime" WORK="$scratch/work" \
        PATH="$build:$PATH" sh -eu "$block" </dev/null >"$block.log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED README.md:"
        sed 's/^/    /' "$block" "$block.log"
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
