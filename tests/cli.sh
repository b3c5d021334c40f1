#!/bin/bash
# SPDX-License-Identifier: MIT
#
# cli.sh - the lupe command as people and scripts meet it: what it prints where, and with which
# status it ends. LUPE names the command (build/lupe). A line a check, status 1 when one failed.
set -u
cd "$(dirname "$0")/.." || exit 2
texts=$PWD/tests/data/texte
lupe=$(realpath "${LUPE:-build/lupe}") || exit 2
unset LUPE_INDEX NO_COLOR
work=$(mktemp -d "${TMPDIR:-/tmp}/lupe-cli.XXXXXX") || exit 2
work=$(realpath "$work")
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 2
passed=0
failed=0

# run ARGUMENT...: runs lupe; its output is in $out and $err, its status in $status.
run() {
    "$lupe" "$@" > "$work/.out" 2> "$work/.err"
    status=$?
    out=$(cat "$work/.out")
    err=$(cat "$work/.err")
}

# ok NAME COMMAND...: one check.
ok() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok    $name"
    else
        failed=$((failed + 1))
        echo "FAIL  $name   [$*] status $status, out: ${out:0:300}, err: ${err:0:300}"
    fi
}

is() { [ "$1" = "$2" ]; }
has() { case $1 in *"$2"*) true ;; *) false ;; esac; }
hasnt() { ! has "$1" "$2"; }

# ended N [quiet]: the status; with `quiet`, nothing on standard output either.
ended() { [ "$status" -eq "$1" ] && { [ "${2:-}" != quiet ] || [ -z "$out" ]; }; }

# total QUERY...: how many documents match.
total() {
    run search "$@" --json < /dev/null
    printf '%s\n' "$out" | sed -n 's/.*"total":\([0-9]*\).*/\1/p'
}
finds() {
    local wanted=$1
    shift
    [ "$(total "$@")" = "$wanted" ]
}
documents() {
    run stats "$@" --json < /dev/null
    printf '%s\n' "$out" | sed -n 's/.*"documents":\([0-9]*\).*/\1/p'
}

exec < /dev/null

# ---------------------------------------------------------------- usage

run
ok "alone: usage on standard error, status 2" ended 2 quiet
ok "alone: names the commands" has "$err" "search"
run help
ok "help: on standard output, status 0" has "$out" "lupe search"
ok "help: status 0" ended 0
run search --help
ok "search --help" has "$out" "--queries"
run help search
ok "help search" has "$out" "--limit"
run help nothing
ok "help of an unknown command: status 2" ended 2 quiet
run version
ok "version" has "$out" "lupe 0."
ok "version: status 0" ended 0
run --version
ok "--version" has "$out" "lupe 0."
run frobnicate
ok "an unknown command: status 2" ended 2 quiet
run search --no-such-option x
ok "an unknown option: status 2, named" has "$err" "--no-such-option"
ok "an unknown option: nothing on standard output" ended 2 quiet
run search
ok "a query is missing: status 2" ended 2 quiet
run index
ok "a path is missing: status 2" ended 2 quiet

# ---------------------------------------------------------------- no index

run search x
ok "no index anywhere: status 4 and a remedy" has "$err" "lupe index"
ok "no index anywhere: nothing on standard output" ended 4 quiet
run search -i absent.lupe x
ok "a missing index: status 4, named" has "$err" "absent.lupe"
ok "a missing index: nothing on standard output" ended 4 quiet
ok "searching creates nothing" test ! -e absent.lupe
for command in stats check optimize compact "get x" "delete x" "backup y"; do
    # shellcheck disable=SC2086
    run $command -i absent.lupe
    ok "$command: a missing index is status 4" ended 4 quiet
done
ok "and none of them creates it" test ! -e absent.lupe
run index -i new.lupe not-there
ok "a path that is not there: status 3, named" has "$err" "not-there"
ok "a path that is not there: no index is made" test ! -e new.lupe
run index -i no/folder/x.lupe "$texts"
ok "no folder for the index: status 4" ended 4 quiet
printf 'Das ist kein Index.\n' > foreign.lupe
run search -i foreign.lupe x
ok "not an index: status 4" ended 4 quiet
ok "not an index: left as it was" is "$(cat foreign.lupe)" "Das ist kein Index."

# ---------------------------------------------------------------- the sample texts

count=$(find "$texts" -name '*.txt' -o -name '*.md' | wc -l)
run index -i sample.lupe "$texts"
ok "index a folder" ended 0 quiet
ok "the closing report counts" has "$err" "$count documents indexed, 0 unchanged, 0 removed"
ok "no progress line in a pipe" hasnt "$err" $'\r'
ok "stats --json counts" is "$(documents -i sample.lupe)" "$count"
run stats -i sample.lupe
ok "stats for people" has "$out" "documents"
run search -i sample.lupe "Wladiwostok Munition"
ok "search finds" ended 0
ok "search shows a title" has "$out" "Das Museum in der Festung"
ok "search shows ids" has "$out" "museum-der-festung.txt"
ok "no colours in a pipe" hasnt "$out" $'\033'
ok "standard error is silent" is "$err" ""
run search -i sample.lupe Wladiwostok Munition --json
for member in query total took_us hits rank id score title snippet fields; do
    ok "--json has $member" has "$out" "\"$member\":"
done
ok "--json is one line" is "$(printf '%s\n' "$out" | wc -l)" 1
ok "a snippet marks hits" has "$out" "<mark>Wladiwostok</mark>"
ok "the tool's own fields are not shown" hasnt "$out" "_lupe_"
run search -i sample.lupe -n 1 --json Wladiwostok
ok "-n limits the hits" is "$(printf '%s' "$out" | grep -o '"rank"' | wc -l)" 1
run search -i sample.lupe -n 4294967295 --json Wladiwostok
ok "any limit is answered" is "$(printf '%s' "$out" | grep -o '"rank"' | wc -l)" 5
run search -i sample.lupe -n 1 --offset 1 --json Wladiwostok
ok "--offset leaves hits out" has "$out" '"rank":2,'
ok "the total stays" finds 5 -i sample.lupe -n 1 Wladiwostok
ok "--all requires every word" finds 2 -i sample.lupe --all Wladiwostok Munition
ok "any word is enough else" finds 7 -i sample.lupe Wladiwostok Munition
run search -i sample.lupe Wladiwsotok
ok "a mistyped word is corrected" ended 0
ok "and people are told" has "$err" 'Meinten Sie "Wladiwostok"? It was searched for instead of "Wladiwsotok"'
ok "as many hits as the right word has" finds 5 -i sample.lupe Wladiwsotok
ok "--all corrects, too" finds 2 -i sample.lupe --all Wladiwsotok Munitoin
ok "--no-correct searches as typed" finds 0 -i sample.lupe --no-correct Wladiwsotok
run search -i sample.lupe --json '+Wladiwsotok "Munitoin"'
ok "--json: what was corrected" has "$out" \
    '"corrections":[{"typed":"Wladiwsotok","meant":"Wladiwostok","documents":5,"applied":true},{"typed":"Munitoin","meant":"Munition",'
ok "--json: the corrected query" has "$out" '"corrected_query":"+Wladiwostok \"Munitoin\""'
run search -i sample.lupe --json Wladiwostok
ok "--json: nothing of it where all is found" hasnt "$out" correct
run search -i sample.lupe '"Munitoin"'
ok "a quoted word is only suggested" ended 1 quiet
ok "and people are told" has "$err" 'Meinten Sie "Munition"? No document has "Munitoin"'
run search -i sample.lupe --queries /dev/stdin --format trec <<< $'7\tWladiwsotok'
ok "trec: corrected, and silent" is "$(printf '%s' "$out" | grep -c '^7 Q0 ')$err" 5
ok "word~ finds words like it" finds 5 -i sample.lupe --no-correct Wladivostok~
ok "word~1 in one letter only" finds 0 -i sample.lupe --no-correct Vladivostok~1
run search -i sample.lupe -n 1 --explain Wladiwostok Munitoin
ok "--explain tells of words" has "$out" '"Wladiwostok": '
ok "and of corrections" has "$out" '"Munitoin" corrected: '
run search -i sample.lupe -n 1 --explain --json Wladiwostok
ok "--explain --json" has "$out" '"explanation":{"kind":"sum","score":'
ok "with parts" has "$out" '"parts":[{"kind":"own","text":"wladiwostok","count":'
run search -i sample.lupe --explain --format trec Wladiwostok
ok "--explain and trec exclude each other" ended 2 quiet
run suggest -i sample.lupe Wladivostok
ok "suggest lists words and documents" is "$out" "Wladiwostok  5"
run suggest -i sample.lupe --json -n 1 Munitoin
ok "suggest --json" has "$out" '{"word":"Munitoin","suggestions":[{"word":"Munition","documents":'
run suggest -i sample.lupe xyzzyunbekannt
ok "no suggestions: status 1" ended 1 quiet
run search -i sample.lupe xyzzyunbekannt
ok "no hits: status 1" ended 1 quiet
ok "no hits: said on standard error" has "$err" "no hits"
run search -i sample.lupe -- -Wladiwostok
ok "exclusions alone: status 1" ended 1 quiet
ok "exclusions alone: said why" has "$err" "asks for nothing"
run search -i sample.lupe --verify --json Munition
ok "--verify answers" ended 0
LUPE_INDEX=$work/sample.lupe run search Munition
ok "LUPE_INDEX is used" ended 0
run check -i sample.lupe
ok "check: sound" ended 0

# ---------------------------------------------------------------- discovery

mkdir -p tree/deep/er
cp "$texts"/brot-backen.txt tree/
(cd tree && run index . && test "$status" -eq 0 && test -f .lupe)
ok "index without -i makes ./.lupe" test -f tree/.lupe
cd tree/deep/er || exit 2
run search Sauerteigbrot --json
ok "the nearest .lupe upward is found" ended 0
ok "ids are relative to the folder of the index" has "$out" '"id":"brot-backen.txt"'
run index .
ok "and it is the one that index uses" test ! -e .lupe
cd "$work" || exit 2

# ---------------------------------------------------------------- files that change

mkdir -p own/sub own/other
printf 'Erster Text\n\nVom Apfel.\n' > own/eins.txt
printf '# Zweiter\n\nVon der Birne.\n' > own/sub/zwei.md
printf 'Dritter\n\nVon der Kirsche.\n' > "own/sub/drei \"vier\" (*).txt"
touch -d '2 hours ago' own/*.txt own/sub/*
run index -i own/i.txt own
ok "the index may lie among the texts" has "$err" "3 documents indexed"
run index -i own/i.txt own
ok "unchanged files are skipped" has "$err" "0 documents indexed, 3 unchanged"
touch own/eins.txt
run index -i own/i.txt own
ok "a new time alone changes nothing" has "$err" "0 documents indexed, 3 unchanged"
printf 'Erster Text\n\nVom Quitte.\n' > own/eins.txt
run index -i own/i.txt own
ok "a changed file is indexed" has "$err" "1 document indexed, 2 unchanged, 0 removed"
ok "and found" finds 1 -i own/i.txt Quitte
ok "its old text is not" finds 0 -i own/i.txt Apfel
printf 'Andere Stelle.\n' > own/other/fuenf.txt
run index -i own/i.txt own
rm -r own/sub/drei* own/other
run index -i own/i.txt own/eins.txt
ok "a file alone removes nothing" has "$err" "0 removed"
run index -i own/i.txt own/sub
ok "files that have gone are removed with their folder" has "$err" "1 unchanged, 1 removed"
ok "those elsewhere stay" finds 1 -i own/i.txt Stelle
run index -i own/i.txt own
ok "until their folder is indexed, gone or not" has "$err" "2 unchanged, 1 removed"
ok "two are left" is "$(documents -i own/i.txt)" 2
mkdir else
cp own/eins.txt else/
run index -i own/i.txt else
run get -i own/i.txt "$work/else/eins.txt"
ok "files elsewhere have absolute ids" ended 0
rm else/eins.txt
run index -i own/i.txt else
ok "and are removed as well" has "$err" "1 removed"
printf 'a\0b' > own/eins.txt
run index -i own/i.txt own
ok "a file that became binary is removed" has "$err" "1 removed, 1 skipped (1 binary: $work/own/eins.txt)"

# ---------------------------------------------------------------- odd input

mkdir odd
printf 'Gr\374\337e aus G\366\337nitz.\n' > odd/brief.txt
: > odd/leer.txt
head -c 2000 /dev/zero > odd/null.txt
printf 'x' > odd/bild.png
ln -s .. odd/loop
ln -s nowhere odd/broken.txt
run index -i odd.lupe odd
ok "odd files: status 0" ended 0
ok "Windows-1252 is counted" has "$err" "1 read as Windows-1252"
ok "and found" finds 1 -i odd.lupe Gößnitz
ok "binary and empty files are named" has "$err" "1 binary: $work/odd/null.txt; 1 empty: $work/odd/leer.txt"
ok "others are counted" has "$err" "1 of other kinds; 2 links not followed"
run index -i null.lupe odd/null.txt
ok "nothing but a binary file: status 3" ended 3
mkdir empty
run index -i empty.lupe empty
ok "an empty folder: status 0" ended 0
ok "and an empty index" is "$(documents -i empty.lupe)" 0

# ---------------------------------------------------------------- JSON Lines

lines() {
    printf '%s\n' '{"id":"1","title":"Brief","text":"Ein Zug nach Wladiwostok","source":"Post","year":1923,"tags":["a","b"]}' \
        '{"id":2,"text":"Zweiter Text","source":"Bahn & Bus","note":null,"ok":true}' ''
}
lines | { "$lupe" index -i lines.lupe - 2> .err > .out; }
status=$? out=$(cat .out) err=$(cat .err)
ok "standard input as JSON Lines" has "$err" "2 documents indexed"
run get -i lines.lupe 1
ok "get prints the title" has "$out" "title: Brief"
ok "get prints the text" has "$out" "Ein Zug nach Wladiwostok"
ok "get prints other fields" has "$out" "year: 1923"
run get -i lines.lupe 2 --json
ok "get --json" is "$out" '{"id":"2","text":"Zweiter Text","source":"Bahn & Bus","ok":"true"}'
run get -i lines.lupe 3
ok "get of an unknown id: status 1" ended 1 quiet
ok "a keyword filters" finds 1 -i lines.lupe source:Post
run search -i lines.lupe Zug --json
ok "fields of a hit" has "$out" '"fields":{"source":"Post","year":"1923","tags":"[\"a\",\"b\"]"}'
printf '%s\n' '{"id":"1","text":"Ersatz"}' '{"id":"4","text":"A"}' '{"id":"4","text":"Letzter"}' > u.jsonl
run index -i lines.lupe u.jsonl
ok "a document is replaced by its id" finds 0 -i lines.lupe Wladiwostok
ok "of two with one id the last counts" finds 1 -i lines.lupe Letzter
ok "three documents" is "$(documents -i lines.lupe)" 3
run delete -i lines.lupe 4 never-there
ok "delete: status 0" ended 0
ok "and it is gone" finds 0 -i lines.lupe Letzter
printf '%s\n' '{"id":"5","text":"fünf"}' '{kaputt' '' '{"text":"ohne"}' '{"id":"6","text":"sechs"}' > bad.jsonl
run index -i lines.lupe bad.jsonl
ok "bad lines: status 3" ended 3
ok "a JSON error has its line" has "$err" "line 2"
ok "a document without id has its line" has "$err" "line 4"
ok "the rest goes on" finds 1 -i lines.lupe sechs
printf '{"id":"7","text":"Stra\337e \374ber"}\n' > latin.jsonl
run index -i lines.lupe latin.jsonl
ok "Windows-1252 in JSON Lines" finds 1 -i lines.lupe Straße
printf '%s\n' '{"id":"8","subject":"Betreff der Nachricht"}' > subject.jsonl
run index -i lines.lupe --text subject subject.jsonl
ok "--text makes a field searched" finds 1 -i lines.lupe Nachricht
printf '%s\n' '{"id":"9","year":"neunzehnhundert"}' > conflict.jsonl
run index -i lines.lupe conflict.jsonl
ok "a conflict of kinds is told with line and field" has "$err" 'line 1: field "year"'
ok "and the document kept" ended 0
run get -i lines.lupe 9
ok "with the value" has "$out" "year: neunzehnhundert"
run index -i lines.lupe --language english u.jsonl
ok "another language than the index has: refused" ended 2

# ---------------------------------------------------------------- word lists

printf '{"id":"1","text":"Die Blorkelversicherung und der W\xc3\xbcstelversicherer."}\n' > trade.jsonl
printf '2\n# Fachw\xf6rter\nBlorkel/Nm\nW\xfcstel\nzwei W\xf6rter\n' > trade.dic
run index -i trade.lupe --lexicon trade.dic trade.jsonl
ok "index --lexicon" ended 0 quiet
ok "index --lexicon: the report counts" has "$err" "word list: 2 words, 1 lines passed over"
ok "a word of the list is found in a compound" finds 1 -i trade.lupe Blorkel
ok "a list in Windows-1252 is read" finds 1 -i trade.lupe "Wüstel"
run stats -i trade.lupe
ok "stats: words of the list" has "$out" "words of the word list         2"
ok "stats: segments of another lexicon" has "$out" "segments of another lexicon    0"
run stats -i trade.lupe --json
ok "stats --json: parts" has "$out" '"part_terms":4,'
run index -i trade.lupe --lexicon trade.dic trade.jsonl
ok "the same list again: nothing to say" ended 0 quiet
run index -i trade.lupe trade.jsonl
ok "without it: the index has it" finds 1 -i trade.lupe Blorkel
printf 'Quaspe\n' > other.dic
run index -i trade.lupe --lexicon other.dic trade.jsonl
ok "another list than the index has: refused" ended 2
ok "another list than the index has: told" has "$err" "another word list"
run index -i new.lupe --lexicon absent.dic trade.jsonl
ok "a list that is not there: status 3, named" has "$err" "absent.dic"
ok "a list that is not there: nothing on standard output" ended 3 quiet
head -c 100000 "$lupe" > binary.dic
run index -i new.lupe --lexicon binary.dic trade.jsonl
ok "a binary list: status 3" ended 3 quiet
ok "a binary list: told" has "$err" "binary"
truncate -s 1G giant.dic
run index -i new.lupe --lexicon giant.dic trade.jsonl
ok "a list of 1 GB: status 3" ended 3 quiet
ok "a list of 1 GB: told" has "$err" "64 MiB"
rm giant.dic
: > empty.dic
run index -i new.lupe --lexicon empty.dic trade.jsonl
ok "an empty list: status 3" ended 3 quiet
head -c 3000000 /dev/zero | tr '\0' a > line.dic
run index -i new.lupe --lexicon line.dic trade.jsonl
ok "a list without words: told" has "$err" "no words; lines passed over: 1"
run index -i new.lupe --language english --lexicon trade.dic trade.jsonl
ok "a list for a language without compounds: told" has "$err" "(english) splits none"
ok "none of them makes an index" test ! -e new.lupe
run index -i pairless.lupe --no-pairs u.jsonl
ok "an index without pairs of words" ended 0
printf '%s\n' '{"id":"1","text":"Theil der Regierungserklärung, Museen"}' > bound.jsonl
for switch in compounds:Regierung old-spelling:Teil mending:Museum; do
    run index -i without.lupe "--no-${switch%%:*}" bound.jsonl
    ok "--no-${switch%%:*}: an index without" finds 0 -i without.lupe --no-correct "${switch#*:}"
    run index -i bound.lupe bound.jsonl
    ok "and with" finds 1 -i bound.lupe --no-correct "${switch#*:}"
    run index -i bound.lupe "--no-${switch%%:*}" bound.jsonl
    ok "--no-${switch%%:*} of an index that has it: refused" ended 2
    ok "and why" has "$err" "was made without --no-${switch%%:*}; leave it out, or"
    run index -i without.lupe bound.jsonl
    ok "an index that lacks it goes on" ended 0
    rm -f without.lupe*
done
ok "search --no-compounds" finds 0 -i bound.lupe --no-correct --no-compounds Regierung
run search -i bound.lupe --json --no-proximity --no-sentences --no-forms Regierung
ok "search --no-proximity --no-sentences --no-forms" has "$out" '"total":1,'

# One has Regen once, two and six twice, six in more words.
printf '%s\n' '{"id":"one","text":"Regen eins zwei drei vier"}' \
    '{"id":"two","text":"Regen Regen zwei drei vier"}' \
    '{"id":"six","text":"Regen Regen zwei drei vier eins zwei drei vier"}' > rain.jsonl
run index -i rain.lupe rain.jsonl
distinct_scores() {
    run search -i rain.lupe --format trec "$@" Regen
    ok "search $*" test "$(printf '%s\n' "$out" | cut -d' ' -f5 | sort -u | wc -l)" = "$expected"
}
expected=3 distinct_scores --k1 1.2 --b .75
ok "of one word what is taken without" test "$out" = "$("$lupe" search -i rain.lupe --format trec Regen)"
expected=2 distinct_scores --b=0.0
expected=1 distinct_scores --k1 0
for wrong in k1=11 k1=-1 k1=x k1=1.2.3 k1=1e3 k1=. b=1.01 b=nan; do
    run search -i rain.lupe "--$wrong" Regen
    ok "search --$wrong: refused" ended 2
done
ok "and why" has "$err" '--b wants a number as 0.75, not "nan"'
head -c 3000000 /dev/zero | tr '\0' 'x' | { printf '{"id":"long","text":"Langzeile '; cat; printf '"}\n'; } |
    "$lupe" index -i lines.lupe - 2> .err
ok "a line of 3 MB" finds 1 -i lines.lupe Langzeile

# ---------------------------------------------------------------- evil text

printf '{"id":"evil","title":"T\\u001b[31m","text":"Boshaft \\u001b]0;x\\u0007 <b>&"}\n' > evil.jsonl
run index -i evil.lupe evil.jsonl
run search -i evil.lupe Boshaft
ok "control characters do not pass" hasnt "$out" $'\033'
run search -i evil.lupe Boshaft --json
ok "HTML is escaped in snippets" has "$out" '&lt;b&gt;&amp;'
ok "control characters are escaped in JSON" has "$out" '\u001b'

# ---------------------------------------------------------------- many queries

printf 'q1\tWladiwostok\nq2\tMunition\nq3\txyzzyunbekannt\n' > q.tsv
run search -i sample.lupe --queries q.tsv --format trec -n 100
ok "--format trec" has "$out" "q1 Q0 "
ok "trec: a line a hit" is "$(printf '%s\n' "$out" | wc -l)" 9
ok "trec: six columns" is "$(printf '%s\n' "$out" | awk 'NF != 6' | wc -l)" 0
ok "trec: ranks from 1" is "$(printf '%s\n' "$out" | awk '$1 == "q2" { print $4 }' | head -1)" 1
run search -i sample.lupe --queries q.tsv --json
ok "--queries --json: an object a line" is "$(printf '%s\n' "$out" | grep -c '^{"qid":"q[123]",')" 3
printf 'q1\tWladiwostok\nohne\n' > q.tsv
run search -i sample.lupe --queries q.tsv --format trec
ok "a line without tab: named, status 3" has "$err" "line 2"
ok "the other queries are run" has "$out" "q1 Q0 "

# ---------------------------------------------------------------- upkeep

run optimize -i lines.lupe
ok "optimize" ended 0
run optimize -i lines.lupe --reorder
ok "optimize --reorder" ended 0
ok "optimize --reorder says that it is done" has "$err" "is optimized"
run check -i lines.lupe
ok "check of a reordered index" ended 0
run help optimize
ok "help optimize" has "$out" "--reorder"
run search --reorder sechs
ok "--reorder belongs to optimize alone: status 2" ended 2
run compact -i lines.lupe
ok "compact" ended 0
run compact -i lines.lupe --to copy.lupe
ok "compact --to" ended 0
run compact -i lines.lupe --to copy.lupe
ok "compact --to an existing file: refused" test "$status" -ge 3
run backup -i lines.lupe backup.lupe
ok "backup" ended 0
for file in lines copy backup; do
    run check -i $file.lupe
    ok "check of $file" ended 0
    ok "$file answers" finds 1 -i $file.lupe sechs
done
head -c $(($(stat -c %s lines.lupe) / 8192 * 4096)) lines.lupe > short.lupe
run check -i short.lupe
ok "check of a cut file: status 4 or 5" test "$status" -eq 4 -o "$status" -eq 5
ok "check says what" test -n "$err"

# ---------------------------------------------------------------- interrupts and writers

mkfifo pipe
"$lupe" index -i int.lupe pipe 2> .err &
pid=$!
exec 9> pipe
printf '{"id":"1","text":"halb"}\n' >&9
sleep 0.5
kill -INT $pid
wait $pid
status=$? out="" err=$(cat .err)
exec 9>&-
ok "interrupted: status 130" ended 130
ok "interrupted: says so" has "$err" "nothing of this run was kept"
ok "interrupted: nothing was kept" finds 0 -i int.lupe halb

"$lupe" index -i two.lupe pipe 2> .first &
pid=$!
exec 9> pipe
printf '{"id":"1","text":"erster"}\n' >&9
sleep 0.7
printf '{"id":"2","text":"zweiter"}\n' > two.jsonl
(sleep 0.8 && printf '{"id":"3","text":"dritter"}\n' >&9) &
exec 9>&-
run index -i two.lupe two.jsonl
ok "a second writer waits" ended 0
ok "and says so" has "$err" "waiting"
wait
ok "both are in the index" is "$(documents -i two.lupe)" 3

for id in 1 2 3 4; do
    printf '{"id":"%s","text":"zugleich"}\n' $id | "$lupe" index -q -i race.lupe - 2> /dev/null &
done
wait
ok "four writers may make one index" is "$(documents -i race.lupe)" 4

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
