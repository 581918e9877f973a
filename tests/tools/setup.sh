#!/bin/sh
# SPDX-License-Identifier: MIT
# setup.sh run|test|check FILE: sees that the machine has what the goal needs, installs what is
# missing, and writes the compiler and linker flags of the libraries to FILE, which the Makefile
# includes. Looks for the things themselves, not for packages, so that a library of one's own will
# do. Debian and Ubuntu install by themselves; elsewhere, and where there is no right to, the
# command is printed and the exit code is 1.
set -u
level=$1
file=$2
CC=${CC:-cc}

# Needed from which goal on; what is looked for; who packs it: Debian and Ubuntu, Fedora, Arch.
needs()
{
    cat <<'END'
run   cmd:pkg-config      pkg-config            pkgconf-pkg-config   pkgconf
run   cc                  gcc                   gcc                  gcc
run   header:stdio.h      libc6-dev             glibc-devel          glibc
run   cmd:ar              binutils              binutils             binutils
run   lib:ncursesw        libncurses-dev        ncurses-devel        ncurses
run   lib:libcurl         libcurl4-openssl-dev  libcurl-devel        curl
run   lib:libcjson        libcjson-dev          cjson-devel          cjson
run   lib:sqlite3         libsqlite3-dev        sqlite-devel         sqlite
run   lib:yaml-0.1        libyaml-dev           libyaml-devel        libyaml
run   lib:libgit2         libgit2-dev           libgit2-devel        libgit2
run   lib:libutf8proc     libutf8proc-dev       utf8proc-devel       libutf8proc
run   lib:libpcre2-8      libpcre2-dev          pcre2-devel          pcre2
run   lib:md4c            libmd4c-dev           md4c-devel           md4c
run   lib:libzstd         libzstd-dev           libzstd-devel        zstd
run   lib:libcrypto       libssl-dev            openssl-devel        openssl
run   cmd:bwrap           bubblewrap            bubblewrap           bubblewrap
run   authorities         ca-certificates       ca-certificates      ca-certificates
test  lib:cunit           libcunit1-dev         CUnit-devel          cunit
test  lib:vterm           libvterm-dev          libvterm-devel       libvterm
test  cmd:strace          strace                strace               strace
test  cmd:openssl         openssl               openssl              openssl
check cmd:clang           clang                 clang                clang
check cmd:clang-tidy      clang-tidy            clang-tools-extra    clang
check cmd:clang-format    clang-format          clang-tools-extra    clang
check clang-runtime       -                     compiler-rt          compiler-rt
check gcc-sanitizers      -                     libasan,libubsan,libtsan  gcc-libs
check cmd:cppcheck        cppcheck              cppcheck             cppcheck
END
}

libs='ncursesw libcurl libcjson sqlite3 yaml-0.1 libgit2 libutf8proc libpcre2-8 md4c libzstd libcrypto'

have_command()
{
    command -v "$1" >/dev/null 2>&1
}

# Links an empty program: the runtimes of sanitizers are packages of their own.
links_with()
{
    echo 'int main(void){return 0;}' | "$@" -x c -o /dev/null - 2>/dev/null
}

has_clang_runtime()
{
    ! have_command clang || echo 'int LLVMFuzzerTestOneInput(void){return 0;}' |
        clang -fsanitize=fuzzer,address,undefined -x c -o /dev/null - 2>/dev/null
}

is_there()
{
    case $1 in
    cmd:*) have_command "${1#cmd:}" ;;
    cc) have_command "${CC%% *}" ;;
    header:*) echo "#include <${1#header:}>" | $CC -E -x c - >/dev/null 2>&1 ;;
    lib:*) pkg-config --exists "${1#lib:}" 2>/dev/null ;;
    authorities) ls /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
        /etc/ssl/cert.pem 2>/dev/null | grep -q . ;;
    clang-runtime) has_clang_runtime ;;
    gcc-sanitizers) ! have_command gcc || { links_with gcc -fsanitize=address,undefined &&
        links_with gcc -fsanitize=thread; } ;;
    esac
}

# A compiler named by the user is its own package; clang's runtime is named after its version.
debian_name()
{
    case $1 in
    cc) case ${CC%% *} in cc | gcc | c99) echo gcc ;; *) basename "${CC%% *}" ;; esac ;;
    clang-runtime) clang -dumpversion | sed 's/^\([0-9]*\).*/libclang-rt-\1-dev/' ;;
    gcc-sanitizers) gcc -dumpversion | sed 's/^\([0-9]*\).*/libgcc-\1-dev/' ;;
    *) echo "$2" ;;
    esac
}

wanted()
{
    case $level in
    run) needs | grep '^run ' ;;
    test) needs | grep -E '^(run|test) ' ;;
    *) needs ;;
    esac
}

# The packages of what is missing, in the words of this system's packager.
missing()
{
    wanted | while read -r _ what debian fedora arch; do
        is_there "$what" && continue
        case $packager in
        apt-get) debian_name "$what" "$debian" ;;
        dnf) echo "$fedora" | tr , '\n' ;;
        pacman) echo "$arch" ;;
        *) echo "$what" ;;
        esac
    done | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# Without a terminal nobody can type a password.
can_be_root()
{
    [ "$(id -u)" = 0 ] || { have_command sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

as_root()
{
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt()
{
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"
}

update_lists()
{
    echo "setup: updating the package lists"
    apt update
}

# Lists may be empty (a fresh image) or name versions that the mirror has dropped since.
install_debian()
{
    ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || update_lists || return 1
    apt install -y --no-install-recommends "$@" ||
        { update_lists && apt install -y --no-install-recommends "$@"; }
}

# The command for one who may: as sudo where there is sudo, else as su.
with_sudo()
{
    if [ "$(id -u)" = 0 ]; then
        echo "    $1${2:+ && $2}"
    elif have_command sudo; then
        echo "    sudo $1${2:+ && sudo $2}"
    else
        echo "    su -c '$1${2:+ && $2}'"
    fi
}

give_up()
{
    echo
    echo "setup: packages are missing. To install them:"
    echo
    case $packager in
    apt-get) with_sudo "apt-get update" "apt-get install --no-install-recommends $*" ;;
    dnf) with_sudo "dnf install $*" ;;
    pacman) with_sudo "pacman -S --needed $*" ;;
    *) echo "    the packages, as your system names them, of: $*" ;;
    esac
    echo
    echo "Then run make again."
    exit 1
}

packager=none
for one in apt-get dnf pacman; do
    have_command $one && packager=$one && break
done

# Twice: the names of some packages depend on the compiler that the first round installs.
for round in 1 2; do
    packages=$(missing)
    [ -n "$packages" ] || break
    echo "setup: missing: $packages"
    [ $packager = apt-get ] && can_be_root || give_up $packages
    install_debian $packages || give_up $packages
done >&2
[ -z "$packages" ] || packages=$(missing)
[ -z "$packages" ] || give_up $packages >&2

mkdir -p "$(dirname "$file")"
{
    echo "LIB_CFLAGS := $(pkg-config --cflags $libs)"
    echo "LIB_LIBS := $(pkg-config --libs $libs)"
    [ "$level" = run ] || echo "TEST_LIBS := $(pkg-config --libs cunit vterm libssl)"
} >"$file.new" && mv "$file.new" "$file"
