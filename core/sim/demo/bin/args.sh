# SPDX-License-Identifier: MIT
# The tools get their arguments as one JSON object on stdin; its values are checked before they come
# here. text NAME and number NAME print one, or what is given behind it when it is not there.
arguments=$(cat)

pick() {
    found=$(printf '%s\n' "$arguments" | sed -n "s/.*\"$1\":$2.*/\\1/p")
    printf '%s\n' "${found:-$3}"
}

text() {
    pick "$1" '"\([^"]*\)"' "$2"
}

number() {
    pick "$1" '\([0-9.]*\)' "$2"
}
