#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check_readme.sh - what README.md and its neighbours say is true: the C program compiles and
# prints what stands below it, the commands print what is shown, links lead somewhere. Called by
# `make check-readme` with BUILD and CC in the environment.
#
# In a console block a line that begins with "$ " is a command; the lines below are its output,
# standard output before standard error. "[...]" stands for anything. Times are not compared.
set -u
cd "$(dirname "$0")/.." || exit 2
build=$(realpath "${BUILD:-build}") || exit 2
work=$(mktemp -d "${TMPDIR:-/tmp}/lupe-readme.XXXXXX") || exit 2
work=$(realpath "$work")
trap 'rm -rf "$work"' EXIT
unset LUPE_INDEX
failed=0
checked=0

offend() {
    echo "check_readme: $*" >&2
    failed=$((failed + 1))
}

# ---------------------------------------------------------------- the program

awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md > "$work/briefe.c"
test -s "$work/briefe.c" || offend "README.md has no C program"
mkdir "$work/home"
# shellcheck disable=SC2086 # the compiler may have flags
${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror ${CFLAGS:-} -Iinclude "$work/briefe.c" \
    "$build/liblupe.a" -llmdb -lstemmer -lutf8proc -lzstd -lpthread -lm -o "$work/home/briefe" ||
    offend "the C program of README.md does not compile"

# ---------------------------------------------------------------- the commands

same_times() {
    sed -E -e 's/"took_us":[0-9]+/"took_us":0/g' -e 's/; [0-9]+\.[0-9]+ s$/; 0.0 s/' \
        -e "s|$work/home|/home/anna|g"
}

# judge COMMAND WANTED: runs the command in the folder of the samples.
judge() {
    local got pattern
    [ -n "$1" ] || return
    got=$(cd "$work/home" && { bash -c "$1" 2> ../errors; cat ../errors; } | same_times)
    pattern=$(printf '%s\n' "$2" | same_times | sed -e 's/\[\.\.\.\]/\x01/g' \
        -e 's/[][\\*?]/\\&/g' -e 's/\x01/*/g')
    checked=$((checked + 1))
    # shellcheck disable=SC2053 # a pattern
    [[ $got == $pattern ]] || offend "$1"$'\n--- prints\n'"$got"$'\n--- not\n'"$2"
}

cp -r tests/data/texte "$work/home/texte"
export PATH="$build:$PATH"
command= wanted=
while IFS= read -r line; do
    case $line in
    '$ '*)
        judge "$command" "$wanted"
        command=${line#'$ '}
        wanted=
        ;;
    *) wanted+=${wanted:+$'\n'}$line ;;
    esac
done < <(awk '/^```console$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md)
judge "$command" "$wanted"
[ "$checked" -ge 20 ] || offend "only $checked commands were found in README.md"

# ---------------------------------------------------------------- links

links=0
for page in README.md ARCHITECTURE.md CHANGELOG.md CONTRIBUTING.md bench/*.md bench/quality/*.md engine/*.md; do
    while IFS= read -r target; do
        links=$((links + 1))
        [ -e "$(dirname "$page")/${target%%#*}" ] || offend "$page: nothing is at $target"
    done < <(grep -oE '\]\([^)# ][^) ]*\)' "$page" | sed 's/^](//; s/)$//' | grep -v '^[a-z]*:')
done

[ "$failed" -eq 0 ] || exit 1
echo "check_readme: a program, $checked commands, $links links"
