#!/bin/sh
# SPDX-License-Identifier: MIT
# bare.sh [RELEASE [GOAL…]]: tries the set-up where nothing is: in a new base system of RELEASE
# (bookworm; noble with an Ubuntu mirror in MIRROR) with make and git alone and empty package lists.
# First as a user who may not install, who must be told the command; then as root, the GOALs (run
# and test). Needs root and debootstrap; no other test does this, because it needs a mirror.
set -eu
release=${1:-bookworm}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- run test
mirror=${MIRROR:-http://deb.debian.org/debian}
root=$(mktemp -d) && chmod 755 "$root"
trap 'umount "$root/proc" 2>/dev/null; rm -rf --one-file-system "$root"' EXIT

debootstrap --variant=minbase --include=make,git "$release" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 5 "$root.log"; exit 1; }
rm -rf "$root.log" "$root"/var/lib/apt/lists/*
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/"
git clone -q . "$root/rerail"

inside()
{
    chroot "$root" env -i LC_ALL=C HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "cd /rerail && $1"
}

inside 'make help >/dev/null && make -n all >/dev/null' || { echo 'bare: help or -n failed'; exit 1; }
inside 'useradd -m someone && chown -R someone . && su someone -c "make all"' >"$root/told" 2>&1 &&
    { echo 'bare: nobody was stopped'; exit 1; }
grep -q 'apt-get install .*libsqlite3-dev' "$root/told" || { cat "$root/told"; exit 1; }
inside 'chown -R root .'
for goal; do
    echo "bare: $release: make $goal"
    inside "make $goal" </dev/null >"$root/out" 2>&1 || { tail -n 40 "$root/out"; exit 1; }
    grep '^setup: missing' "$root/out" || true
    tail -n 1 "$root/out"
done
