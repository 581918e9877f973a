#!/bin/sh
# SPDX-License-Identifier: MIT
# layers.sh: fails on an include that points anywhere but down (the table is `may` below), and on a
# library's header outside the room that owns the library. `layers.sh --self` tries the judge on
# arrows that must be caught and on arrows that must not.
set -eu

# Reads lines "FILE INCLUDED", INCLUDED with its quotes or brackets; prints what is not allowed.
judge()
{
    awk '
    BEGIN {
        may["base"] = "base"
        may["net"] = "base net"
        may["port"] = "base port"
        may["room"] = "base net port"   # and itself
        may["agent"] = "base net port room agent"
        may["history"] = "base port history"
        may["tui"] = "base net port room agent history tui"
        may["tests"] = "base net port room agent history tui tests"

        owner["^<(ncursesw/|ncurses/)?(n?curses|term|panel)\\.h>$"] = "tui/display.c"
        owner["^<sqlite3(ext)?\\.h>$"] = "history/"
        owner["^<curl/"] = "core/net/"
        owner["^<yaml\\.h>$"] = "core/base/yaml"
        owner["^<pcre2\\.h>$"] = "core/base/pattern"
        owner["^<(CUnit/|vterm)"] = "tests/"
    }
    function layer(path,    parts, n) {
        n = split(path, parts, "/")
        if (parts[1] != "core")
            return parts[1]
        if (n == 2)
            return "port"
        return parts[2] ~ /^(base|net|agent)$/ ? parts[2] : "room"
    }
    function folder(path) {
        sub("/[^/]*$", "", path)
        return path
    }
    function complain(why) {
        printf "%s: includes %s: %s\n", $1, $2, why
        bad = 1
    }
    $2 ~ /^"/ {
        to = substr($2, 2, length($2) - 2)
        if (to == "suites.h" && $1 ~ "^tests/")
            next
        if (to !~ "^(core|history|tui|tests)/" || to ~ "[.][.]")
            complain("name it from the top of the tree")
        else if (index(" " may[layer($1)] " ", " " layer(to) " ") == 0 && folder($1) != folder(to))
            complain("the arrow points up or across (core/, history/, tui/: see their README.md)")
        next
    }
    $1 !~ "^tests/" {
        for (header in owner)
            if ($2 ~ header && index($1, owner[header]) != 1)
                complain("only " owner[header] " does")
    }
    END { exit bad }'
}

bad_arrows='
core/base/str.c "core/net/http.h"
core/base/str.c "core/event.h"
core/net/sse.c "core/guard/retry.h"
core/net/sse.c "core/event.h"
core/event.h "core/net/http.h"
core/journal.h "history/db.h"
core/guard/retry.c "core/model/provider.h"
core/model/message.c "core/agent/run.h"
core/tool/shell.c "tui/text.h"
core/agent/engine.c "history/history.h"
core/agent/engine.c "tui/app.h"
history/db.c "core/net/http.h"
history/db.c "core/agent/run.h"
history/db.c "core/guard/health.h"
history/db.c "tui/model.h"
tui/app.c "tests/suite.h"
tui/app.c "app.h"
core/agent/run.c "../guard/retry.h"
tui/panel_health.c <curses.h>
tui/panel_health.c <ncursesw/curses.h>
tui/app.c <term.h>
core/agent/run.c <sqlite3.h>
tui/app.c <sqlite3.h>
core/model/openai_chat.c <curl/curl.h>
core/config/config.c <yaml.h>
core/report/redact.c <pcre2.h>
core/base/err.c <CUnit/CUnit.h>'

good_arrows='
core/base/str.c "core/base/buf.h"
core/base/str.c <string.h>
core/base/yaml.c <yaml.h>
core/net/http.c "core/net/address.h"
core/net/http.c <curl/curl.h>
core/event.h "core/base/err.h"
core/journal.h "core/event.h"
core/guard/retry.c "core/net/retry_after.h"
core/guard/retry.c "core/guard/gate.h"
core/model/classify.c "core/failure.h"
core/agent/engine.c "core/guard/breaker.h"
core/agent/engine.c "core/agent/run.h"
history/db.c "core/journal.h"
history/db.c "history/migrate.h"
history/db.c <sqlite3.h>
tui/app.c "core/agent/engine.h"
tui/main.c "history/history.h"
tui/display.c <curses.h>
tests/main.c "suites.h"
tests/history/test_db.c "history/db.h"
tests/history/test_db.c <sqlite3.h>
tests/tui/test_app.c <vterm.h>'

self_test()
{
    wrong=0
    while read -r arrow; do
        [ -z "$arrow" ] || ! echo "$arrow" | judge >/dev/null ||
            { echo "layers: not caught: $arrow"; wrong=1; }
    done <<END
$bad_arrows
END
    while read -r arrow; do
        [ -z "$arrow" ] || echo "$arrow" | judge ||
            { echo "layers: wrongly caught: $arrow"; wrong=1; }
    done <<END
$good_arrows
END
    return $wrong
}

if [ "${1:-}" = --self ]; then
    self_test
    exit
fi
find core history tui tests \( -name '*.c' -o -name '*.h' \) -exec awk '
    /^[ \t]*#[ \t]*include/ { sub(/^[ \t]*#[ \t]*include[ \t]*/, ""); print FILENAME, $1 }' {} + | judge
