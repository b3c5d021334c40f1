#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""quality.py - what Lupe's rankings are worth: `make bench-quality DIR=folder`.

Indexes the documents of a set, or of each set in a folder, with every setting of settings.py,
asks the queries, compares the answers with the judgements and prints Markdown: nDCG, MRR, recall
by set and class with intervals, two settings beside each other, what each setting adds, and the
queries that gained or lost most. Python 3 alone; writes only below the folder it is given.
"""

import argparse
import json
import os
import sys

import evaluate
import report
import runs
import sets
from measures import MAIN, MEASURES, relevant
from settings import COMPARED, SETTINGS, Programs, parse_run, parse_setting
from shared import TREE, Failed, revision, say

TOP = 3  # documents of each ranking in an example
RELEVANT_TOLD = 5  # relevant documents of a query in an example


# ---------------------------------------------------------------- settings


def choose_settings(options, programs):
    """The settings to compare, and lines about those that are left out."""
    there = [*SETTINGS, *(parse_setting(text) for text in options.setting)]
    if options.settings:
        by_name = {setting.name: setting for setting in there}
        for name in options.settings:
            if name not in by_name:
                raise Failed(f"no setting is named {name}: {', '.join(by_name)}")
        there = [by_name[name] for name in options.settings]
    left_out = []
    chosen = []
    for setting in there:
        unknown = programs.unknown(setting)
        if unknown:
            left_out.append(f"{setting.name} ({setting.program} does not know "
                            f"{' '.join(unknown)})")
        else:
            chosen.append(setting)
    chosen += [parse_run(text) for text in options.run]
    names = [setting.name for setting in chosen]
    if len(set(names)) != len(names):
        raise Failed("two settings have the same name")
    if not chosen:
        raise Failed("no setting is left: " + "; ".join(left_out))
    return chosen, left_out


def choose_pair(settings, wanted):
    """The two settings whose difference is told."""
    names = [setting.name for setting in settings]
    pair = wanted or (COMPARED if set(COMPARED) <= set(names) else (names[0], names[-1]))
    for name in pair:
        if name not in names:
            raise Failed(f"--compare: no setting is named {name}")
    if len(pair) != 2:
        raise Failed("--compare takes two settings, a comma between them")
    return tuple(pair)


# ---------------------------------------------------------------- asking


def evaluate_all(collections, settings, engine, options):
    """Figures, rankings by set and setting, and what it took."""
    figures = evaluate.Figures(collections, options.resamples, options.seed)
    rankings = {}
    costs = []
    for collection in collections:
        for setting in settings:
            if setting.run is not None:
                found = runs.read_run(setting.run, collection)
                if not found:
                    say(f"{collection.name}: {setting.name} has no ranking of it")
                    continue
            else:
                found, seconds = engine.search(setting, collection)
                _, index_seconds, size = engine.index(setting, collection)
                costs.append({"set": collection.name, "setting": setting.name,
                              "documents": documents_of(collection), "index_seconds": index_seconds,
                              "index_bytes": size, "queries": len(collection.queries),
                              "search_seconds": seconds})
            rankings[collection.name, setting.name] = found
            figures.add(setting.name, collection.name, found)
            say(f"{collection.name}: {setting.name}")
            if options.save_runs:
                runs.write_run(os.path.join(options.save_runs,
                                            f"{collection.name}.{setting.name}.run"), found,
                               setting.name)
    figures.resample()
    return figures, rankings, costs


def documents_of(collection, counted={}):  # pylint: disable=dangerous-default-value
    """How many documents a set has; each is counted once."""
    if collection.documents not in counted:
        with open(collection.documents, "rb") as file:
            counted[collection.documents] = sum(1 for line in file if line.strip())
    return counted[collection.documents]


# ---------------------------------------------------------------- examples


def tell_example(collection, query, pair, figures, rankings, engine, settings):
    """All that a reader needs to see why a query moved."""
    grades = collection.judgements[query]
    found = {name: rankings[collection.name, name].get(query, []) for name in pair}
    wanted = sorted(relevant(grades), key=lambda name: (-grades[name], name))[:RELEVANT_TOLD]
    shown = {name for ranking in found.values() for name in ranking[:TOP]}
    texts = sets.beginnings(collection, shown.union(wanted))
    return {
        "set": collection.name, "id": query, "query": collection.queries[query],
        "values": {name: figures.values[collection.name, name][query][MAIN] for name in pair},
        "relevant": [{"id": name, "grade": grades[name], "text": texts.get(name, ""),
                      "ranks": {setting: ranking.index(name) + 1 if name in ranking else None
                                for setting, ranking in found.items()}} for name in wanted],
        "rankings": {setting: [{"rank": rank, "id": name, "grade": grades.get(name, 0),
                                "text": texts.get(name, "")}
                               for rank, name in enumerate(ranking[:TOP], 1)]
                     for setting, ranking in found.items()},
        "explanations": {name: engine.explain(settings[name], collection, query, TOP)
                         for name in pair}}


def examples(pair, figures, rankings, engine, settings, number):
    """The queries that gained most, and those that lost most."""
    by_name = {setting.name: setting for setting in settings}
    return [[tell_example(figures.collections[name], query, pair, figures, rankings, engine,
                          by_name) for name, query in found]
            for found in figures.moved(*pair, number)]


# ---------------------------------------------------------------- the whole


def collect(collections, settings, left_out, pair, engine, options):
    """Everything that --json writes."""
    figures, rankings, costs = evaluate_all(collections, settings, engine, options)
    names = [setting.name for setting in settings]
    several = pair[0] != pair[1]
    gained, lost = (examples(pair, figures, rankings, engine, settings, options.examples)
                    if several else ([], []))
    steps = [one for before, after in zip(names, names[1:])
             for one in figures.compare(before, after, (MAIN,), True)]
    commit = revision(TREE)
    return {
        "title": ", ".join(collection.name for collection in collections),
        "revision": f"Lupe {commit}" if commit else "Lupe",
        "resamples": options.resamples, "seed": options.seed, "raw": options.raw,
        "settings": [setting._asdict() for setting in settings], "left_out": left_out,
        "compared": pair, "cells": figures.cells(),
        "comparisons": figures.compare(*pair) if several else [],
        "steps": steps if len(names) > 2 else [], "losses": figures.losses(), "costs": costs,
        "queries": [{"set": name, "id": query, "query": figures.collections[name].queries[query],
                     "values": {setting: figures.values[name, setting][query]
                                for setting in names if figures.has(setting, name)}}
                    for name, _, ids in figures.whole_groups() for query in ids],
        "gained": gained, "lost": lost}


def comma_list(text):
    return [part for part in text.split(",") if part]


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", help="a set, or a folder of sets")
    parser.add_argument("--lupe", required=True, help="the program lupe")
    parser.add_argument("--bench", required=True, help="the program lupe-bench")
    parser.add_argument("--folder", required=True, help="for everything that is made")
    parser.add_argument("--settings", type=comma_list, help="only these, in this order")
    parser.add_argument("--setting", action="append", default=[], metavar="SETTING",
                        help="one more: 'NAME | index options | search options | VARIABLE=value'")
    parser.add_argument("--run", action="append", default=[], metavar="NAME=FILE",
                        help="a TREC run file to set beside, or a folder with SET.run files")
    parser.add_argument("--compare", type=comma_list, metavar="FROM,TO",
                        help=f"the two whose difference is told ({','.join(COMPARED)})")
    parser.add_argument("--only", type=comma_list, help="of the sets these: set or set/class, ...")
    parser.add_argument("--measures", type=comma_list, default=list(MEASURES)[:3],
                        help=f"that are printed, of {','.join(MEASURES)}")
    parser.add_argument("--examples", type=int, default=5,
                        help="queries that gained most, and that lost most (5)")
    parser.add_argument("--separator", default="-",
                        help="a query's class is its id up to the first of these (-); '': none")
    parser.add_argument("--split", default="test", help="of qrels/SPLIT.tsv (test)")
    parser.add_argument("--raw", action="store_true",
                        help="queries as they stand, with quotes and signs")
    parser.add_argument("--json", metavar="FILE", help="everything, also each query's values")
    parser.add_argument("--save-runs", metavar="DIR", help="the rankings as TREC run files")
    parser.add_argument("--resamples", type=int, default=1000, help="for the intervals (1000)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(given)
    for measure in options.measures:
        if measure not in MEASURES:
            parser.error(f"--measures: {measure} is none of {', '.join(MEASURES)}")
    return options


def main(given=None):
    options = arguments(given)
    collections = [collection for folder in options.sets for collection in
                   sets.find_sets(folder, options.separator, options.split)]
    if options.only:
        collections = sets.only(collections, options.only)
    if len({collection.name for collection in collections}) != len(collections):
        raise Failed("two sets have the same name")
    programs = Programs(os.path.abspath(options.lupe), os.path.abspath(options.bench))
    settings, left_out = choose_settings(options, programs)
    pair = choose_pair(settings, options.compare)
    if options.save_runs:
        os.makedirs(options.save_runs, exist_ok=True)
    engine = runs.Engine(programs, options.folder, options.raw)
    try:
        result = collect(collections, settings, left_out, pair, engine, options)
    finally:
        engine.close()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, ensure_ascii=False, indent=1)
            file.write("\n")
    print(report.page(result, settings, options.measures), end="")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as problem:
        say(f"bench-quality: {problem}")
        sys.exit(2)
