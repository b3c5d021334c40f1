#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tune.py - which values of numeric options rank best, and whether that is more than chance.

Tries values of named options on sets of queries and judgements. One half of the queries of each
set chooses, the other one, held out, judges what was chosen; no figure of the first is told
without that of the second. README.md says how the halves are made. Python 3 alone.
"""

import argparse
import collections
import hashlib
import itertools
import json
import os
import sys

import evaluate
import report
import runs
import sets
from measures import EQUAL, MAIN, MEASURES, mean
from settings import SETTINGS, Programs, parse_setting
from shared import TREE, Failed, revision, say, table

# What of a setting an option is added to; where a new value is a new index, first: in a grid
# these vary slowest.
KINDS = ("index", "environment", "search", "search_environment")
GRID_MAX = 40  # combinations that are all tried unless the method is named
PASSES_MAX = 5  # of coordinate search over all options
START, CHOSEN = "start", "chosen"
TUNING, HELD_OUT = "tuning", "held-out"

Option = collections.namedtuple("Option", "kind name values")


# ---------------------------------------------------------------- options


def parse_option(kind, text):
    name, found, values = text.partition("=")
    values = list(dict.fromkeys(value for value in values.split(",") if value))
    if not found or not name or not values:
        raise Failed(f"{text}: not NAME=VALUE,VALUE,...")
    if kind in ("index", "search"):
        name = "--" + name.lstrip("-")
    return Option(kind, name, values)


def with_values(setting, options, values):
    """A setting with a value for each option."""
    for option, value in zip(options, values):
        there = getattr(setting, option.kind)
        added = ({**there, option.name: value} if isinstance(there, dict)
                 else (*there, option.name, value))
        setting = setting._replace(**{option.kind: added})
    return setting


def told(options, values):
    return " ".join(f"{option.name.lstrip('-')}={value}"
                    for option, value in zip(options, values))


# ---------------------------------------------------------------- halves


def half_of(grades):
    """The half of a query with these judgements: by a hash of its best document, the first in
    the order of ids, so that queries for one document are in one half whatever their set."""
    best = max(grades.values())
    document = min(name for name, grade in grades.items() if grade == best)
    return (TUNING, HELD_OUT)[hashlib.sha256(document.encode()).digest()[0] & 1]


def halves(collections_):
    """The sets with the queries of either half."""
    parts = {TUNING: [], HELD_OUT: []}
    for collection in collections_:
        for half, into in parts.items():
            queries = {query: text for query, text in collection.queries.items()
                       if half_of(collection.judgements[query]) == half}
            if not queries:
                raise Failed(f"{collection.name}: no query is in the {half} half")
            into.append(collection._replace(queries=queries))
    return parts


# ---------------------------------------------------------------- trials


class Trials:
    """What each combination of values is worth, asked once."""

    def __init__(self, engine, collections_, base, options, measure):
        self.engine = engine
        self.collections = collections_
        self.parts = halves(collections_)
        self.groups = {half: evaluate.groups_of(part) for half, part in self.parts.items()}
        self.base = base
        self.options = options
        self.measure = measure
        self.values = {}  # by combination: by set and query measures
        self.last = None

    def run(self, values):
        """Asks all queries with these values."""
        if values in self.values:
            return
        setting = with_values(self.base, self.options, values)
        if self.last and (self.last.index, self.last.environment) != (setting.index,
                                                                     setting.environment):
            for collection in self.collections:
                self.engine.forget(self.last, collection)
        self.last = setting
        self.values[values] = {collection.name: evaluate.measure_set(
            collection, self.engine.search(setting, collection)[0])
                               for collection in self.collections}
        # Nothing is told while it runs: the halves belong beside each other.
        say(f"{len(self.values)}: {told(self.options, values)}")

    def group_means(self, values, half):
        return {(name, kind): mean([self.values[values][name][query][self.measure]
                                    for query in ids])
                for name, kind, ids in self.groups[half]}

    def score(self, values, half):
        """What is maximized: the mean over the sets, each counting once."""
        wholes = {}
        for (name, _), value in self.group_means(values, half).items():
            wholes.setdefault(name, value)
        return mean(list(wholes.values()))

    def harmed(self, values, start, loss):
        """The sets and classes that lose more than that on the tuning half."""
        before = self.group_means(start, TUNING)
        return [" ".join(group).strip() for group, value in
                self.group_means(values, TUNING).items() if before[group] - value > loss + EQUAL]

    def best(self, candidates, current, start, loss):
        """The best of some combinations on the tuning half, the current one among equals."""
        chosen = current
        for values in candidates:
            self.run(values)
            if (self.score(values, TUNING) > self.score(chosen, TUNING) + EQUAL and
                    not self.harmed(values, start, loss)):
                chosen = values
        return chosen

    def grid(self, start, loss):
        self.run(start)
        return self.best(itertools.product(*(option.values for option in self.options)), start,
                         start, loss)

    def coordinates(self, start, loss):
        self.run(start)
        current = start
        for _ in range(PASSES_MAX):
            before = current
            for place, option in enumerate(self.options):
                current = self.best([(*current[:place], value, *current[place + 1:])
                                     for value in option.values], current, start, loss)
            if current == before:
                break
        return current


# ---------------------------------------------------------------- report


def compare_halves(trials, start, chosen, resamples, seed):
    """Comparisons of what was chosen with the start, by half."""
    found = {}
    for half, part in trials.parts.items():
        figures = evaluate.Figures(part, resamples, seed)
        for name, values in ((START, start), (CHOSEN, chosen)):
            for collection in part:
                figures.add_values(name, collection.name, trials.values[values][collection.name])
        figures.resample()
        found[half] = figures.compare(START, CHOSEN, (trials.measure,))
    return found


def halves_table(found):
    """A row for each set and class, the halves beside each other."""
    rows = []
    for first, second in zip(found[TUNING], found[HELD_OUT]):
        row = [first["set"], first["class"]]
        for one in (first, second):
            row += [one["queries"], report.number(one["before"]), report.number(one["after"]),
                    f"{report.signed(one['difference'])} ({one['low']:+.3f} to "
                    f"{one['high']:+.3f})", report.p_value(one["p"])]
        rows.append(row)
    head = [f"{half} {column}" for half in (TUNING, HELD_OUT)
            for column in ("queries", START, CHOSEN, "difference", "p")]
    return table(["set", "class", *head], rows, 2)


def remark(values, start, harmed):
    if values == start:
        return START
    if not harmed:
        return ""
    return "loses: " + ", ".join(harmed[:3]) + (", ..." if len(harmed) > 3 else "")


def trials_table(trials, start, loss):
    rows = []
    for values in sorted(trials.values, key=lambda tried: -trials.score(tried, TUNING)):
        harmed = trials.harmed(values, start, loss)
        rows.append([*values, *(report.number(trials.score(values, half))
                                for half in (TUNING, HELD_OUT)),
                     remark(values, start, harmed)])
    return table([*(option.name for option in trials.options), TUNING, HELD_OUT, ""], rows,
                 len(trials.options))


def verdict(trials, start, chosen, found):
    """In a sentence whether the choice is more than chance."""
    if chosen == start:
        return "Nothing that was tried is better than the start without a loss."
    whole = next((one for one in found[HELD_OUT] if one["set"] == evaluate.MEAN),
                 found[HELD_OUT][0])
    gain = f"{report.signed(whole['difference'])} ({whole['low']:+.4f} to {whole['high']:+.4f})"
    if whole["low"] > 0:
        return f"The gain is there on the held-out half: {gain}."
    return f"The held-out half does not show a gain that is more than chance: {gain}."


def page(trials, start, chosen, found, options):
    commit = revision(TREE)
    parts = [f"# Tuning of {', '.join(option.name for option in trials.options)}",
             f"Lupe {commit}, {trials.measure}, {len(trials.values)} combinations, method "
             f"{options.method}, loss allowed to a set or class {options.loss}.",
             f"**Chosen** by the tuning half: {told(trials.options, chosen)} (start: "
             f"{told(trials.options, start)}). " + verdict(trials, start, chosen, found),
             halves_table(found), "## What was tried: mean over the sets",
             trials_table(trials, start, options.loss)]
    return "\n\n".join(parts) + "\n"


# ---------------------------------------------------------------- the whole


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", help="a set, or a folder of sets")
    parser.add_argument("--lupe", required=True, help="the program lupe")
    parser.add_argument("--bench", required=True, help="the program lupe-bench")
    parser.add_argument("--folder", required=True, help="for everything that is made")
    for kind in KINDS:
        parser.add_argument("--" + kind.replace("_", "-"), action="append", default=[],
                            metavar="NAME=VALUES", help="values to try, the start first")
    parser.add_argument("--base", default="best", help="the setting that gets the options (best)")
    parser.add_argument("--method", choices=("grid", "coordinate"))
    parser.add_argument("--loss", type=float, default=0.005,
                        help="that a set or class may have on the tuning half (0.005)")
    parser.add_argument("--measure", default=MAIN, choices=list(MEASURES))
    parser.add_argument("--only", help="of the sets these: set or set/class, ...")
    parser.add_argument("--separator", default="-")
    parser.add_argument("--split", default="test")
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(given)


def base_setting(name):
    if "|" in name:
        return parse_setting(name)
    for setting in SETTINGS:
        if setting.name == name:
            return setting
    raise Failed(f"--base: no setting is named {name}")


def tune(trials, options):
    """Chooses: the start, the choice, the comparisons of both halves."""
    start = tuple(option.values[0] for option in trials.options)
    combinations = 1
    for option in trials.options:
        combinations *= len(option.values)
    options.method = options.method or ("grid" if combinations <= GRID_MAX else "coordinate")
    chosen = (trials.grid if options.method == "grid" else trials.coordinates)(start, options.loss)
    return start, chosen, compare_halves(trials, start, chosen, options.resamples, options.seed)


def main(given=None):
    options = arguments(given)
    tried = [parse_option(kind, text) for kind in KINDS for text in getattr(options, kind)]
    if not tried:
        raise Failed("no option to try: --index, --search, --environment NAME=VALUE,VALUE,...")
    collections_ = [collection for folder in options.sets for collection in
                    sets.find_sets(folder, options.separator, options.split)]
    if options.only:
        collections_ = sets.only(collections_, options.only.split(","))
    programs = Programs(os.path.abspath(options.lupe), os.path.abspath(options.bench))
    base = base_setting(options.base)
    unknown = programs.unknown(with_values(base, tried, [option.values[0] for option in tried]))
    if unknown:
        raise Failed(f"{base.program} does not know {' '.join(unknown)}")
    engine = runs.Engine(programs, options.folder, options.raw)
    try:
        trials = Trials(engine, collections_, base, tried, options.measure)
        start, chosen, found = tune(trials, options)
    finally:
        engine.close()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"options": [option._asdict() for option in tried], "start": start,
                       "chosen": chosen, "comparisons": found,
                       "trials": [{"values": values, **{half: trials.score(values, half)
                                                        for half in (TUNING, HELD_OUT)}}
                                  for values in trials.values]},
                      file, ensure_ascii=False, indent=1)
            file.write("\n")
    print(page(trials, start, chosen, found, options), end="")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as problem:
        say(f"tune: {problem}")
        sys.exit(2)
