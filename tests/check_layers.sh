#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check_layers.sh - the house rules a compiler does not know: who may include whom, which calls
# are banned, what each file begins with. Prints each offence as file:line: text.
set -u
cd "$(dirname "$0")/.."
offences=0

# offend RULE < LINES: prints the lines below the rule they break.
offend() {
    local found
    found=$(cat)
    if [ -n "$found" ]; then
        printf '%s\n%s\n' "$1" "$found"
        offences=$((offences + 1))
    fi
}

# code FILE...: file:line: text, with comments and string literals blanked.
code() {
    awk '
        FNR == 1 { comment = 0 }
        {
            line = $0; text = ""
            while (line != "") {
                if (comment) {
                    end = index(line, "*/")
                    if (!end) break
                    line = substr(line, end + 2); comment = 0
                } else if (match(line, /\/\*|\/\/|"([^"\\]|\\.)*"|\x27([^\x27\\]|\\.)+\x27/)) {
                    token = substr(line, RSTART, 2)
                    text = text substr(line, 1, RSTART - 1)
                    if (token == "//") { line = ""; break }
                    if (token == "/*") { comment = 1; line = substr(line, RSTART + 2) }
                    else { text = text "_"; line = substr(line, RSTART + RLENGTH) }
                } else { text = text line; line = "" }
            }
            if (text ~ /[^ ]/) print FILENAME ":" FNR ": " text
        }' "$@" /dev/null
}

shopt -s nullglob
engine=(engine/*.[ch] engine/*/*.[ch])
all=(include/*.h "${engine[@]}" tools/*.[ch] tests/*.[ch] bench/*.[ch])

# ---------------------------------------------------------------- layers

# What a layer may include besides itself; "top" are the files of engine/ itself.
lower_layers() {
    case $1 in
    base) ;;
    text | store) echo base ;;
    segment) echo base text store ;;
    write | query) echo base text store segment ;;
    result) echo base text store segment write query ;;
    top) echo base text store segment write query result ;;
    esac
}

includes_of_higher_layers() {
    local file layer allowed line text name
    for file in "${engine[@]}"; do
        layer=${file#engine/}
        case $layer in */*) layer=${layer%%/*} ;; *) layer=top ;; esac
        allowed=" $layer $(lower_layers "$layer") "
        while IFS=: read -r line text; do
            name=${text#*\"}
            name=${name%%\"*}
            case $name in
            lupe.h) continue ;;
            */*) name=${name%%/*} ;;
            *) name=top ;;
            esac
            case $allowed in *" $name "*) ;; *) echo "$file:$line: $text" ;; esac
        done < <(grep -n '^ *# *include *"' "$file")
    done
}

# only_in PATTERN HEADER: the lines of engine files that include HEADER and match not PATTERN.
only_in() {
    grep -Hn "^ *# *include *[<\"]$2[>\"]" "${engine[@]}" /dev/null | grep -v "^$1"
}

offend "A layer includes one it must not know:" < <(includes_of_higher_layers)
offend "Only engine/store/ knows LMDB:" < <(only_in engine/store/ 'lmdb\.h')
offend "Only engine/base/hash.c knows xxHash:" < <(only_in engine/base/hash.c 'xxhash\.h')
offend "Only engine/text/ knows libstemmer:" < <(only_in engine/text/ 'libstemmer\.h')
offend "A tool includes more of the engine than its ground floor:" < <(
    files=(tools/*.[ch])
    grep -n '^ *# *include *"\(text\|store\|segment\|write\|query\|result\)/' "${files[@]}" /dev/null
)

# ---------------------------------------------------------------- calls

allocating='malloc|calloc|realloc|reallocarray|aligned_alloc|posix_memalign|free|strdup|strndup|asprintf|vasprintf'
banned='strcpy|stpcpy|strcat|sprintf|vsprintf|gets|strtok|alloca'

offend "Only engine/base/memory.c allocates:" < <(
    code "${engine[@]}" | grep -v '^engine/base/memory\.c:' |
        grep -E ": (.*[^A-Za-z0-9_.>])?($allocating) *\("
)
offend "Banned call:" < <(code "${all[@]}" | grep -E ": (.*[^A-Za-z0-9_.>])?($banned) *\(")
offend "The library never prints, exits or aborts:" < <(
    code "${engine[@]}" | grep -E ": (.*[^A-Za-z0-9_.>])?(printf|puts|putchar|perror|exit|_exit|abort) *\("
)

# ---------------------------------------------------------------- form

offend "The first line is not the licence:" < <(
    for file in "${all[@]}"; do
        head -n 1 "$file" | grep -q '^/\* SPDX-License-Identifier: MIT$' || echo "$file:1:"
    done
)
offend "Tab or space at the end of a line:" < <(grep -HnE $'\t| $' "${all[@]}")
offend "Unfinished:" < <(grep -HnwE 'TODO|FIXME|XXX' "${all[@]}")

if [ "$offences" -ne 0 ]; then
    echo "check_layers: $offences rules broken"
    exit 1
fi
echo "check_layers: ${#all[@]} files obey"
