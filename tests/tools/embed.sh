#!/bin/sh
# SPDX-License-Identifier: MIT
# embed.sh FILE…: prints a C file with the bytes of every FILE and the table that core/base/embed.h
# declares. A zero byte follows each, so that a text is a string.
set -eu

echo '/* Made by tests/tools/embed.sh. */'
echo '#include "core/base/embed.h"'
for file; do
    name=$(printf %s "$file" | tr -c 'A-Za-z0-9' _)
    printf '\nstatic const unsigned char %s[] = {\n' "$name"
    od -An -v -tu1 "$file" | sed 's/  *\([0-9][0-9]*\)/\1,/g'
    echo '0};'
done
printf '\nconst struct embed embed_table[] = {\n'
for file; do
    name=$(printf %s "$file" | tr -c 'A-Za-z0-9' _)
    printf '    {"%s", %s, sizeof %s - 1},\n' "$file" "$name" "$name"
done
printf '    {0},\n};\n'
