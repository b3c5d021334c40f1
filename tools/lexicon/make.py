#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes engine/text/lexicon_german.txt: which words German compounds are made of, and at what cost.

The vocabulary is split with the present costs of its parts, parts are counted again by position,
and so on. Words that are compounds themselves are no parts; words that the rules would split but
should not are listed as whole. README.md names the sources and the steps.
"""
import argparse
import collections
import gzip
import json
import math
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).parent
ROUNDS = 3
ENDINGS = ["e", "n", "en", "er", "ern", "s", "es", "em", "nen", "se", "sen", "ens"]  # as in the engine
LETTERS_MAX = 24
# In nats. The first four are those of engine/text/compound.c, in eighths there.
WHOLE, LETTER, BOUNDARY, PREFIX = 8.0, 1.7, 1.0, 6.0
SHORT = {3: 0.5, 4: 0.3}   # dearer parts of so many letters
PLACE = 4.0                # dearer last members of names
CHANCE = 1.4               # weight of the chance that letters are a part where they occur
PRIOR = 0.3                # count of a frequent noun never seen in a compound
DEAREST = 16.6             # words that cost more everywhere are left out
MARGIN = 2.0               # a known lemma stays whole in all its forms when its split gains no more


# ------------------------------------------------------------------ folding, as engine/text/fold.c

PLAIN = str.maketrans("äöüéèêàáâçñíìîóòôúùû", "aoueeeaaacniiiooouuu")


def written_out_u(text, at):
    before, second = text[at - 1:at] if at else "", text[at + 3:at + 4]
    before_that = text[at - 2:at - 1] if at > 1 else ""
    following = text[at + 2:at + 3]
    if before == "e":
        return (before_that == "g" and following == "b") or text.startswith("ber", at + 2)
    if before == "o":
        return text.startswith("ber", at + 2)
    if before and before in "aqäöü" or following == "i":
        return False
    if following == "l" and second in ("l", "s", ""):
        if before and before in "dsx" or before == "t" and at > 1:
            return False
        if before == "n" and before_that != "k":
            return False
    if before == "d" and text.startswith("tt", at + 2):
        return False
    if not second and following and following in "sn":
        return following == "n" and before == "r" and before_that == "g"
    return True


def written_out(text, at):
    """Whether the e behind the vowel at at makes an umlaut of it."""
    letter, following = text[at], text[at + 2:at + 3]
    before = text[at - 1:at] if at else ""
    if letter == "u" and not written_out_u(text, at) or at + 2 == len(text):
        return False
    if letter == "a" and following == "i":
        return text.startswith(("isch", "ism", "ist"), at + 2)
    if letter == "a" and following == "l":
        return at < 3 or text[at - 3:at] != "ich"
    if letter == "o":
        if following == "i":
            return False
        if following in ("t", "s") and before == "p":
            return (text[at + 3:at + 4] == "t") if following == "t" else text[at + 3:at + 4] != "i"
        return not (following == "n" and before == "b" and text[at - 2:at - 1] == "o")
    return True


def fold(word):
    word = word.lower().replace("ß", "ss")
    if re.search("[aou]e", word):
        out, at = [], 0
        while at < len(word):
            out.append(word[at])
            if word[at] in "aou" and word[at + 1:at + 2] == "e" and written_out(word, at):
                at += 1
            at += 1
        word = "".join(out)
    return word.translate(PLAIN)


# ------------------------------------------------------------------ sources

def read_list(name):
    lines = (HERE / name).read_text().splitlines()
    return set(fold(" ".join(line for line in lines if not line.startswith("#"))).split())


def is_usable(word):
    return word.isascii() and word.isalpha() and len(word) > 1


class Vocabulary:
    """What the sources say about words, all of them folded."""

    def __init__(self, options):
        self.count, self.capital = collections.Counter(), collections.Counter()
        self.read_corpus(options.corpus)
        nouns, self.lower, self.band = set(), set(), {}
        for line in gzip.open(options.words, "rt"):
            spelled = line.rstrip("\n").split(" ")
            for word in spelled[1:] or [spelled[0].lower()]:
                word = word.strip(",")
                if is_usable(fold(word)):
                    (nouns if word[0].isupper() else self.lower).add(fold(word))
        self.lemmas = {fold(word) for word in gzip.open(options.nouns, "rt").read().split("\n")
                       if word.isalpha() and not word.isupper() and is_usable(fold(word))}
        self.forms = {fold(word) for word in gzip.open(options.forms, "rt").read().split("\n")
                      if word.isalpha() and is_usable(fold(word))}
        for line in gzip.open(options.bands, "rt"):
            word, band = line.rstrip("\n").split("\t")
            if word.isalpha():
                self.band[fold(word)] = min(int(band), self.band.get(fold(word), 99))
        self.nouns = nouns | self.lemmas
        self.capital_nouns = nouns
        self.known = self.nouns | self.lower | self.forms
        self.find_verbs()
        self.find_adjectives()

    def read_corpus(self, path):
        """Counts words, and how often they are capitals where no sentence begins."""
        word_of = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
        for line in open(path):
            text = json.loads(line)["text"]
            for match in word_of.finditer(text):
                word = match.group()
                if re.search("[-’']", word) or word.isupper() and len(word) > 1:
                    continue
                folded = fold(word)
                if not folded.isascii() or len(folded) > 40:
                    continue
                self.count[folded] += 1
                before = text[max(0, match.start() - 2):match.start()]
                if word[0].isupper() and not re.search(r'[.!?:»"\n(]', before):
                    self.capital[folded] += 1

    def find_verbs(self):
        lower, self.verbs, self.verb_of, self.verb_forms = self.lower, set(), {}, set()
        self.participles = set()
        for word in lower:
            stem = word[:-2]
            if word.endswith("en") and len(word) > 4:
                if ((stem + "t" in lower or stem + "et" in lower) and stem + "e" in lower
                        and lower & {stem + "st", stem + "est", stem + "te"}
                        and stem + "em" not in lower):
                    self.verb_of[stem] = word
            elif word.endswith(("eln", "ern")) and {word[:-1] + "t", word[:-1] + "st"} <= lower:
                self.verb_of[word[:-1]] = word
        for stem, word in self.verb_of.items():
            self.verbs.add(word)
            self.verb_forms.add(word)
            for ending in ("", "e", "t", "st", "et", "est", "te", "ten", "tet", "test", "ete",
                           "eten", "etet", "etest"):
                self.verb_forms.add(stem + ending)
            for ending in ("", "e", "en", "er", "es", "em"):
                self.participles.add(word + "d" + ending)

    def find_adjectives(self):
        self.adjectives = {word for word in self.lower
                           if all(word + ending in self.lower for ending in ("e", "er", "es", "en", "em"))}
        derived = {word for word in self.lower | (self.forms - self.nouns)
                   if re.search("(ig|lich|isch|sam|bar|haft|los)$", word)}
        self.adjective_forms = {word + ending for word in self.adjectives | derived
                                for ending in ("", "e", "en", "er", "es", "em", "ere", "eren", "erer",
                                               "eres", "ste", "sten", "ster", "stes")}

    def frequency(self, word):
        """Of the corpus, with that of today's news (a band of ranks) on top."""
        bands = {10: 400, 20: 150, 30: 60, 40: 25, 50: 8, 60: 3}
        return self.count[word] + (bands.get(self.band[word], 3) if word in self.band else 0)

    def lemma_of(self, form):
        if form in self.lemmas or form in self.adjectives:
            return form
        for ending in ("nen", "sen", "se", "ern", "em", "en", "er", "es", "e", "n", "s"):
            if form.endswith(ending) and len(form) - len(ending) >= 3:
                base = form[:-len(ending)]
                if base in self.lemmas and (form in self.capital_nouns or form in self.forms):
                    return base
                if base in self.adjectives and form in self.lower:
                    return base
        return form

    def is_lower(self, word):
        if word in self.lower:
            return word not in self.nouns
        return word not in self.known and self.count[word] >= 3 and self.capital[word] * 4 < self.count[word]

    def is_noun(self, word):
        if word in self.nouns:
            return word not in self.lower
        return (word not in self.known and self.count[word] >= 3
                and self.capital[word] * 4 > self.count[word] * 3)


# ------------------------------------------------------------------ what can be a part

class Parts:
    """last: form -> lemma; first: form -> (letters of its base, letter to append, rank, frequency)."""

    def __init__(self, words):
        self.words = words
        self.never_first, self.never_last = read_list("never_first.txt"), read_list("never_last.txt")
        self.blocked_first = self.never_last - read_list("may_be_first.txt")
        self.modern = {word for word in read_list("modern.txt") if len(word) > 2}
        self.old = dict(pair.split("=") for pair in read_list("spelling.txt"))
        self.variants, self.last, self.first = {}, {}, {}
        self.find_last()
        self.lemmas = set(self.last.values())
        self.find_first()

    def find_last(self):
        words, last = self.words, self.last
        never = self.never_last | self.never_first
        inflected = {word for word in words.lower if words.lemma_of(word) in words.adjectives}
        for form in sorted(words.nouns | words.adjectives | words.forms | inflected):
            lemma = words.lemma_of(form)
            named = form in words.nouns or form in words.adjectives
            if len(form) < 3 or form in never or lemma in never:
                continue
            if not named and (form in words.verb_forms or lemma == form and form not in words.lemmas):
                continue
            last[form] = lemma
        for form in sorted(words.count):
            if (form not in last and words.count[form] >= 8 and len(form) >= 4
                    and words.capital[form] * 2 > words.count[form] and form not in self.never_last):
                last[form] = form
        for lemma in sorted(set(last.values())):
            if lemma in words.lemmas and words.frequency(lemma) >= 2 or lemma in self.old:
                for old in self.old_spellings(lemma):
                    self.variants.setdefault(old, lemma)
        for old in sorted(self.variants):
            last[old] = old
            for ending in ENDINGS[:8]:
                last.setdefault(old + ending, old)
        for word in sorted(self.modern - never):
            if word not in last:
                last[word] = word
                last.setdefault(word + "s", word)
        for verb in sorted(words.verbs):
            if verb.endswith("ieren"):
                for ending in ("", "e", "en", "er", "es", "em"):
                    last.setdefault(verb[:-2] + "t" + ending, verb[:-2] + "t")

    def old_spellings(self, lemma):
        """Theil, Alterthum, Regulirung, Centrum, Condensation."""
        found = {self.old[lemma]} if lemma in self.old else set()
        found.add(lemma.replace("teil", "theil"))
        found.add(re.sub("tum(s?)$", r"thum\1", lemma))
        found.add(lemma.replace("ierung", "irung"))
        if len(lemma) > 5 and re.search("(ion|or|ent|ess|um|ur|al|iv|at|it|ing|ie|ik|e|ierung|kt|us|on|el)$",
                                        lemma):
            old = lemma.replace("kt", "ct")
            old = re.sub("^k(on|om|ol|or|ap|ar|at|as)", r"c\1", old)
            old = re.sub("z(ent|yl|irk|ess|ip|ept|ell|ert|iti|ini|ier|ere|eni|esi)", r"c\1", old)
            old = re.sub("k(ation|ul[aeiou]|urs|ord|ret)", r"c\1", old)
            old = old.replace("kk", "cc").replace("kz", "cc")
            found |= {old, old.replace("ierung", "irung")} if old != lemma else set()
        return {old for old in found - {lemma} if len(old) >= 4 and (old not in self.last or old == "thor")}

    def add_first(self, form, base_size, append, rank):
        if (len(form) < 3 or form in ("hundert", "tausend", "zehn") or form in self.never_first
                or form in self.blocked_first):
            return
        frequency = self.words.frequency(form[:base_size] + append)
        old = self.first.get(form)
        if (old is None or old[2] > rank and (rank == 0 or frequency * 3 >= old[3])
                or old[2] > 0 and rank > 0 and frequency > 3 * old[3]):
            self.first[form] = (base_size, append, rank, frequency)

    def find_first(self):
        words, add = self.words, self.add_first
        for lemma in sorted(self.lemmas - self.never_first):
            size = len(lemma)
            add(lemma, size, "", 0)
            if not (lemma in words.nouns or lemma not in words.known or lemma in self.modern):
                continue
            if lemma.endswith("e"):
                add(lemma[:-1], size - 1, "e", 2)
                add(lemma + "n", size + 1, "", 1)
                add(lemma[:-1] + "s", size - 1, "e", 3)
                add(lemma + "ns", size, "", 3)
            else:
                add(lemma + "s", size, "", 1)
                add(lemma + "es", size, "", 1)
                add(lemma + "ens", size, "", 3)
            for ending in ("n", "en", "er", "e", "nen", "se"):
                if lemma + ending in words.nouns or lemma + ending in words.forms:
                    add(lemma + ending, size + len(ending), "", 1)
        for stem, verb in sorted(words.verb_of.items()):
            add(stem, len(stem), "", 1)
            if verb.endswith("en"):
                add(stem + "e", len(stem) + 1, "", 2)
        for word in sorted(words.adjectives):
            add(word, len(word), "", 0)
            add(word + "en", len(word) + 2, "", 2)
        for word in sorted(read_list("first_parts.txt")):
            add(word, len(word), "", 0)


# ------------------------------------------------------------------ splitting and counting

DERIVED = re.compile("^(ung|ungen|er|ers|ern|erin|erinnen|(?:lich|bar|sam|end|isch|ig|haft|los|haftig|losig)"
                     "(?:e|en|em|er|es|keit|keiten|ste|sten|ere|eren)?)$")
LINKED_BY_S = re.compile("(ung|heit|keit|schaft|ion|tat|tum|ling|um|mus)$")


class Splitter:
    def __init__(self, words, parts):
        self.words, self.parts = words, parts
        self.prefixes, self.particles = read_list("prefixes.txt"), read_list("particles.txt")
        self.never_split, self.places = read_list("never_split.txt"), read_list("places.txt")
        self.separable = self.prefixes | parts.never_first | read_list("adverbs.txt")
        self.prior, self.first_costs, self.last_costs = {}, None, None
        self.train = sorted(word for word in set(words.count) | set(words.band) | words.nouns
                            if 6 <= len(word) <= 40 and word.isascii() and word.isalpha())
        self.starts, self.ends = collections.Counter(), collections.Counter()
        for word in self.train:
            for at in range(3, len(word) - 2):
                if word[:at] in parts.first:
                    self.starts[word[:at]] += 1
                if word[at:] in parts.last:
                    self.ends[parts.last[word[at:]]] += 1
        self.memory = {}

    def whole_cost(self, word):
        return WHOLE + LETTER * len(word)

    def letters_min(self, word, at):
        """A first part does not end inside a long particle."""
        return max((size for size in range(4, 12) if word[at:at + size] in self.particles), default=0)

    def fits(self, form, lower, noun):
        """Whether a word may end in form, given that it is written small or as a noun."""
        words, lemma = self.words, self.parts.last[form]
        adjective = (lemma in words.adjectives or form in words.participles or form in words.adjective_forms
                     or lemma not in words.nouns and form not in words.nouns or lemma.endswith("iert"))
        if lower:
            return adjective
        return not (noun and form not in words.nouns and form in words.lower)

    def split(self, word):
        """The cheapest split and its cost, (infinity, None) where there is none."""
        first, last, size = self.first_costs, self.parts.last, len(word)
        lower = self.words.is_lower(word)
        noun = not lower and self.words.is_noun(word)
        best, back = [math.inf] * (size + 1), [0] * (size + 1)
        best[0] = 0
        for at in range(size - 2):
            if best[at] == math.inf:
                continue
            starts = [(at, best[at])]
            starts += [(at + length, best[at] + PREFIX) for length in range(2, 9)
                       if word[at:at + length] in self.prefixes]
            floor = at + self.letters_min(word, at)
            for start, cost in starts:
                for to in range(max(start + 3, floor), size - 2):
                    part = first.get(word[start:to])
                    if part is not None and cost + part + BOUNDARY < best[to]:
                        best[to], back[to] = cost + part + BOUNDARY, at
                form = word[start:]
                if at and form in last and last[form] in self.last_costs and self.fits(form, lower, noun):
                    if cost + self.last_costs[last[form]] < best[size]:
                        best[size], back[size] = cost + self.last_costs[last[form]], at
        if best[size] == math.inf:
            return math.inf, None
        split, to = [], size
        while to:
            split.append(word[back[to]:to])
            to = back[to]
        return best[size], split[::-1]

    def is_compound(self, word, margin=0.0):
        cost, split = self.split(word)
        return split is not None and cost < self.whole_cost(word) + margin

    def is_noun_verb(self, stem, word):
        """berg-steigen, not fest-stellen."""
        verb = self.words.verb_of[stem]
        separable = any(verb[:at] in self.separable and verb[at:] in self.words.verbs
                        for at in range(2, len(verb) - 3))
        if self.last_costs is None or separable:
            return False
        cost, split = self.split(word)
        nouns = self.words.nouns
        return (split is not None and cost < self.whole_cost(word) and len(split[0]) >= 4
                and (split[0] in nouns or split[0].rstrip("s") in nouns))

    def is_derived(self, word):
        """Made from a verb or from a word that is no compound by a suffix."""
        words, memory = self.words, self.memory
        for at in range(len(word) - 1, max(3, len(word) - 12), -1):
            stem, suffix = word[:at], word[at:]
            if not DERIVED.match(suffix):
                continue
            if stem in words.verb_of:
                if stem not in memory:
                    memory[stem] = self.is_noun_verb(stem, word)
                if not memory[stem]:
                    return True
            if suffix[0] in "lsih":
                base = next((base for base in (stem, stem + "e", stem + "en") if base in words.nouns), None)
                if base is None and stem + "en" in words.verbs:
                    base = stem + "en"
                if base is None:
                    continue
                if base in self.never_split or self.last_costs is None:
                    return True
                if (base, 0) not in memory:
                    memory[base, 0] = self.is_compound(base)
                if not memory[base, 0]:
                    return True
        return False

    def is_simple_by_kind(self, word):
        words = self.words
        return (word in self.never_split or word in words.participles
                or word in words.verb_forms and word not in words.adjectives or self.is_derived(word))

    # -------------------------------------------------------------- counts and costs

    def count_pairs(self):
        """The beginning: each word in two, all ways alike."""
        firsts, lasts, parts = collections.Counter(), collections.Counter(), self.parts
        for word in self.train:
            if self.is_simple_by_kind(word):
                continue
            ways = [(word[:at], parts.last[word[at:]]) for at in range(3, len(word) - 2)
                    if word[:at] in parts.first and word[at:] in parts.last]
            for first, last in ways:
                firsts[first] += 1 / len(ways)
                lasts[last] += 1 / len(ways)
        return firsts, lasts

    def count_splits(self):
        firsts, lasts, compounds = collections.Counter(), collections.Counter(), 0
        for word in self.train:
            if self.is_simple_by_kind(word):
                continue
            cost, split = self.split(word)
            if split is None or cost >= self.whole_cost(word):
                continue
            compounds += 1
            for part in split[:-1]:
                firsts[part] += part in self.parts.first
            if split[-1] in self.parts.last:
                lasts[self.parts.last[split[-1]]] += 1
        print(f"{compounds} of {len(self.train)} words are compounds", flush=True)
        return firsts, lasts

    def set_prior(self):
        words, parts = self.words, self.parts
        for lemma in parts.lemmas:
            frequency, prior = words.frequency(lemma), 0
            if lemma in self.never_split:
                prior = 2
            elif lemma in parts.modern:
                prior = PRIOR
            elif lemma in parts.variants or lemma not in words.known and words.count[lemma] >= 30:
                prior = PRIOR / 4
            elif (not 4 <= len(lemma) <= 18 or lemma in self.places or lemma in words.participles
                  or lemma in words.adjective_forms or lemma in words.verb_forms and lemma not in words.lemmas):
                prior = 0
            elif lemma in words.lemmas:
                prior = PRIOR if frequency >= 8 else PRIOR / 3 if frequency >= 2 else PRIOR / 8
            elif lemma in words.capital_nouns and frequency >= 8:
                prior = PRIOR / 3
            if prior:
                self.prior[lemma] = prior

    def set_costs(self, firsts, lasts):
        """Minus the logarithm of the share of a part among all, dearer the more often its letters
        stand at the beginning (the end) of words where they are no part."""
        seen_first, seen_last = firsts, lasts
        firsts, lasts = collections.Counter(firsts), collections.Counter(lasts)
        for lemma, prior in self.prior.items():
            lasts[lemma] += prior
            if LINKED_BY_S.search(lemma):
                firsts[lemma + "s"] += prior * 1.5
                continue
            firsts[lemma] += prior
            if lemma.endswith("e"):
                firsts[lemma + "n"] += prior
            elif not lemma.endswith("er") and lemma + "s" in firsts:
                firsts[lemma + "s"] += prior / 2
        floor = 0.01 if self.prior else 0.3

        def costs(counts, seen, occurrences):
            total = sum(counts.values())
            return {word: -math.log(count / total) + SHORT.get(len(word), 0)
                    - CHANCE * math.log(min(1, (seen.get(word, 0) + 0.7) / (occurrences[word] + 1)))
                    for word, count in counts.items() if count > floor}

        first_costs = costs(firsts, seen_first, self.starts)
        self.first_costs = {word: cost for word, cost in first_costs.items() if word in self.parts.first}
        self.last_costs = costs(lasts, seen_last, self.ends)
        for word in self.places & set(self.last_costs):
            self.last_costs[word] += PLACE
        self.memory.clear()

    def drop_compounds(self):
        """What is a compound itself is no part."""
        compounds = {lemma for lemma in self.last_costs
                     if not self.is_simple_by_kind(lemma) and self.is_compound(lemma)}
        for form in list(self.first_costs):
            base_size, append = self.parts.first[form][:2]
            base = form[:base_size] + append
            if base in self.never_split:
                continue
            if base in compounds or not self.is_simple_by_kind(base) and (
                    self.is_compound(base) or self.is_compound(form)):
                del self.first_costs[form]
        for lemma in compounds:
            del self.last_costs[lemma]

    def learn(self):
        firsts, lasts = self.count_pairs()
        for number in range(ROUNDS):
            self.set_costs(firsts, lasts)
            self.drop_compounds()
            if number == 0:
                self.set_prior()
            if number + 1 < ROUNDS:
                firsts, lasts = self.count_splits()


# ------------------------------------------------------------------ the file

HEAD = """# SPDX-License-Identifier: MIT
#
# The words that German compounds are made of, folded. Made by tools/lexicon/make.py of public-domain,
# CC0 and CC BY 4.0 sources, which tools/lexicon/README.md names; it tells the columns, too.
"""


class Entries(dict):
    def __missing__(self, word):
        self[word] = {"first": 0, "last": 0, "endings": set(), "marks": ""}
        return self[word]

    def write(self, path):
        with open(path, "w") as file:
            file.write(HEAD)
            for word in sorted(self):
                entry = self[word]
                endings = ",".join(ending for ending in ENDINGS if ending in entry["endings"])
                marks = "".join(sorted(entry["marks"]))
                file.write("\t".join([word, str(entry["first"] or "-"), str(entry["last"] or "-"),
                                      endings or "-", marks or "-"]) + "\n")


def eighths(cost):
    return max(1, min(255, round(cost * 8)))


def entries_of(splitter, names):
    entries, parts = Entries(), splitter.parts
    for form, cost in splitter.first_costs.items():
        if len(form) > LETTERS_MAX or cost > DEAREST:
            continue
        base_size, append = parts.first[form][:2]
        entries[form]["first"] = eighths(cost)
        entries[form]["marks"] += "e" if append else ""
        if 0 < len(form) - base_size <= 3:
            entries[form]["marks"] += str(len(form) - base_size)
    endings = collections.defaultdict(set)
    for form, lemma in parts.last.items():
        if form != lemma and form.startswith(lemma):
            endings[lemma].add(form[len(lemma):])
    for lemma, cost in splitter.last_costs.items():
        if len(lemma) <= LETTERS_MAX and cost <= DEAREST:
            entries[lemma]["last"] = eighths(cost)
            entries[lemma]["endings"] = endings[lemma] & set(ENDINGS)
    places = tuple(splitter.places - {"mann"})
    for word in sorted(names | splitter.never_split):
        split = word in splitter.never_split
        if not 5 <= len(word) <= 18 or word.endswith(places):
            continue
        if not split and splitter.words.frequency(word) < 20:
            continue
        entries[word]["first"] = entries[word]["first"] or 96
        entries[word]["last"] = entries[word]["last"] or 96
        entries[word]["endings"] |= {"s", "en", "e", "n", "es"} if split else {"s"}
        if word + "s" not in entries:
            entries[word + "s"].update(first=96, marks="1")
    return entries


def whole_words(splitter, names, engine_splits):
    """Words that the engine would split and that are no compounds."""
    words, parts, whole = splitter.words, splitter.parts, set()
    vocabulary = (words.known | set(words.count) | set(words.band) | words.verb_forms | names
                  | splitter.never_split | {word for word in words.participles if word.endswith("d")}
                  | words.adjective_forms)
    vocabulary = sorted((word for word in vocabulary
                         if 6 <= len(word) <= 40 and word.isascii() and word.isalpha()),
                        key=lambda word: (len(word), word))
    for word in engine_splits(vocabulary):
        given = word in names or word in splitter.never_split or splitter.is_simple_by_kind(word)
        if not given and splitter.is_compound(word):
            lemma = parts.last.get(word, word)
            if lemma == word or lemma not in words.known:
                continue
            if not splitter.is_simple_by_kind(lemma) and splitter.is_compound(lemma, MARGIN):
                continue
        if not any(word.endswith(ending) and word[:-len(ending)] in whole for ending in ENDINGS):
            whole.add(word)
    return whole | {name for name in names if len(name) > 5}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", required=True, help="JSON Lines with texts")
    parser.add_argument("--words", required=True, help="word list with capitals, gzip")
    parser.add_argument("--nouns", required=True, help="nouns, gzip")
    parser.add_argument("--forms", required=True, help="forms of words, gzip")
    parser.add_argument("--bands", required=True, help="bands of frequency, gzip")
    parser.add_argument("--output", default="engine/text/lexicon_german.txt")
    options = parser.parse_args()

    def engine_splits(vocabulary):
        subprocess.run(["make", "-s", "build/lexicon_split"], check=True)
        lines = subprocess.run(["build/lexicon_split"], input="\n".join(vocabulary) + "\n", check=True,
                               capture_output=True, text=True).stdout.split("\n")
        return [word for word, line in zip(vocabulary, lines) if "|" in line]

    words = Vocabulary(options)
    splitter = Splitter(words, Parts(words))
    splitter.learn()
    names = read_list("names.txt")
    entries = entries_of(splitter, names)
    entries.write(options.output)
    for word in sorted(whole_words(splitter, names, engine_splits)):
        entries[word]["marks"] += "!"
    entries.write(options.output)
    print(f"{len(entries)} words")


if __name__ == "__main__":
    main()
