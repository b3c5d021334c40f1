#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check_install.sh - installs below the build directory, compiles a C and a C++ program against
# what is there, shared and static, and looks at the symbols the libraries show.
# Called by `make check-install` with BUILD, CC and MAKE in the environment.
set -eu
cd "$(dirname "$0")/.."
build=$(realpath "${BUILD:-build}")
root=$build/installed
prefix=$root/usr

fail() {
    echo "check_install: $*" >&2
    exit 1
}

rm -rf "$root"
${MAKE:-make} -s BUILD="$build" DESTDIR="$root" PREFIX=/usr install
for file in include/lupe.h lib/liblupe.a lib/liblupe.so lib/liblupe.so.0 lib/pkgconfig/lupe.pc; do
    test -e "$prefix/$file" || fail "$file was not installed"
done

others=$(nm -D --defined-only "$prefix/lib/liblupe.so.0" | awk '$3 !~ /^lupe_/ { print $3 }')
test -z "$others" || fail "liblupe.so.0 shows" $others
others=$(nm -g --defined-only "$prefix/lib/liblupe.a" | awk 'NF == 3 && $3 !~ /^lupe_/ { print $3 }')
test -z "$others" || fail "liblupe.a shows" $others
readelf -d "$prefix/lib/liblupe.so.0" | grep -q 'soname: \[liblupe.so.0\]' || fail "no soname"

# What the header declares is there, and nothing else.
declared=$(tr '\n' ' ' < include/lupe.h | sed 's|/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/||g' |
    grep -oE '(LUPE_API|LUPE_CHECKED) [a-z_ 0-9*]*\(' | grep -oE 'lupe_[a-z_0-9]+ *\($' |
    tr -d ' (' | sort -u)
shown=$(nm -D --defined-only "$prefix/lib/liblupe.so.0" | awk '{ print $3 }' | sort -u)
difference=$(diff <(echo "$declared") <(echo "$shown") || true)
test -z "$difference" || fail "header (<) and library (>) differ:" "$difference"

program=$build/installed/program
cat > "$program.c" <<'C'
#include <lupe.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
    puts(lupe_version());
    return strcmp(lupe_version(), LUPE_VERSION) != 0 || lupe_allocations_live() != 0;
}
C
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
cc=${CC:-cc}
$cc "$program.c" $(pkg-config --cflags --libs lupe) -o "$program"
LD_LIBRARY_PATH=$prefix/lib "$program" > /dev/null || fail "the shared program fails"
$cc "$program.c" $(pkg-config --cflags lupe) "$prefix/lib/liblupe.a" \
    $(pkg-config --libs-only-l --static lupe | sed 's/-llupe//') -o "$program"
"$program" > /dev/null || fail "the static program fails"
if command -v c++ > /dev/null; then
    c++ -x c++ "$program.c" $(pkg-config --cflags --libs lupe) -o "$program"
fi

${MAKE:-make} -s BUILD="$build" DESTDIR="$root" PREFIX=/usr uninstall
left=$(find "$prefix" ! -type d)
test -z "$left" || fail "uninstall leaves $left"
rm -rf "$root"
echo "check_install: done"
