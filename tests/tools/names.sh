#!/bin/sh
# SPDX-License-Identifier: MIT
# names.sh: fails on what the house does not use: the names in `rows` below, outside comments and
# strings, and files without their SPDX line or over 700 lines. `names.sh --self` tries the judge.
set -eu

# A pattern of code; the files it is allowed in (a pattern of paths, - for none); instead of it.
rows='
\<(strcpy|strcat|strncat|sprintf|vsprintf|gets|strncpy|stpcpy)[ \t]*\( - snprintf, or a struct buf
\<(atoi|atol|atoll|atof)[ \t]*\( - core/base/str.h, which knows a bad number
\<(strtok|strtok_r)[ \t]*\( - core/base/str.h
\<(system|popen)[ \t]*\( - core/tool/process.h: argv arrays, no shell
\<(tmpnam|mktemp|tempnam)[ \t]*\( - mkostemp, in a folder of our own
\<(initscr|newterm|waddstr|addstr|mvprintw)[ \t]*\( ^tui/display\.c$ tui/display.h
\<cJSON_(Parse[A-Za-z]*|GetObjectItem)[ \t]*\( ^(core/base/json\.c|tests/bench/.*)$ core/base/json.h
\<(setlocale)[ \t]*\( ^(core/base/utf8\.c|tui/.*|tests/.*)$ the locale is set once, by a program
\<pthread_(mutex|cond|rwlock|spin)_[a-z]+[ \t]*\( ^(core/base/mailbox\.c|tests/.*)$ core/base/mailbox.h
\<typedef[ \t]+struct\> - struct NAME, by its name
\<(gmtime|localtime|ctime|asctime|rand|srand|getpwnam|getpwuid)[ \t]*\( - the _r form, core/base
'

judge()
{
    rows=$rows awk '
    BEGIN {
        n = split(ENVIRON["rows"], lines, "\n")
        for (i = 1; i <= n; i++) {
            if (lines[i] == "")
                continue
            count++
            # The pattern may hold [ \t] but no other space.
            line = lines[i]
            gsub(/\[ \\t\]/, "\001", line)
            split(line, fields, " ")
            pattern[count] = fields[1]
            gsub(/\001/, "[ \\t]", pattern[count])
            gsub(/\\</, "(^|[^A-Za-z0-9_])", pattern[count])
            gsub(/\\>/, "([^A-Za-z0-9_]|$)", pattern[count])
            allowed[count] = fields[2]
            instead[count] = substr(line, length(fields[1]) + length(fields[2]) + 3)
        }
    }
    FNR == 1 {
        inside = 0
        if ($0 !~ /SPDX-License-Identifier: MIT/ && FILENAME != "" && FILENAME != "-")
            complain("no SPDX line")
    }
    function complain(why) {
        printf "%s:%d: %s\n", FILENAME, FNR, why
        bad = 1
    }
    FNR == 701 && FILENAME !~ "^tests/" { complain("over 700 lines: what is the second module inside called?") }
    {
        line = $0
        gsub(/\\./, "", line)
        gsub(/"[^"]*"/, "\"\"", line)
        if (inside) {
            if (!sub(/^.*\*\//, "", line))
                next
            inside = 0
        }
        gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", line)
        if (sub(/\/\*.*$/, "", line))
            inside = 1
        sub(/\/\/.*$/, "", line)
        for (i = 1; i <= count; i++)
            if (line ~ pattern[i] && (allowed[i] == "-" || FILENAME !~ allowed[i]))
                complain(line " -> " instead[i])
    }
    END { exit bad }' "$@"
}

bad_lines='    strcpy(a, b);
    x = atoi(text);
    n = sprintf (a, "x");
    return system("ls");
    cJSON *j = cJSON_Parse(text);
    cJSON_ParseWithLength(text, n);
    initscr();
    typedef struct thing thing;
    pthread_mutex_lock(&lock); /* a comment */
    /* a comment */ strtok(a, b);
    "a string"; strcat(a, b);
    struct tm *now = localtime(&t);'

good_lines='    str_copy(a, b); /* not strcpy(a, b) */
    puts("never strcpy(a, b) \" system(x)");
    snprintf(a, 3, "x");
    cJSON_GetObjectItemCaseSensitive(a, "b");
    operating_system(x);
    system_call = 3;
    typedef int (*compare)(int, int);
    localtime_r(&t, &now);'

self_test()
{
    wrong=0
    while IFS= read -r line; do
        ! printf '%s\n' "$line" | judge >/dev/null || { echo "names: not caught: $line"; wrong=1; }
    done <<END
$bad_lines
END
    while IFS= read -r line; do
        printf '%s\n' "$line" | judge || { echo "names: wrongly caught: $line"; wrong=1; }
    done <<END
$good_lines
END
    return $wrong
}

if [ "${1:-}" = --self ]; then
    self_test
    exit
fi
judge $(find core history tui tests -name "*.[ch]" | sort)
