# SPDX-License-Identifier: MIT
"""Figures of rankings: by set and class, with intervals, and of two settings beside each other.

A group is a set or a class of it. Takes rankings as they come from runs.py and gives plain
dictionaries, which are what --json writes and report.py prints.
"""

from measures import (EQUAL, MAIN, MEASURES, better_and_worse, interval, mean, measure_all,
                      randomization_test, resampled_means)
from sets import BASE, classes_of

ALL = "ALL"
MEAN = "mean of sets"


def groups_of(collections_):
    """(set, class, query ids), the whole set first."""
    groups = []
    for collection in collections_:
        classes = classes_of(collection)
        whole = next(iter(classes)) if len(classes) == 1 else ALL
        groups.append((collection.name, whole, list(collection.queries)))
        if len(classes) > 1:
            groups += [(collection.name, name, ids) for name, ids in classes.items()]
    return groups


def measure_set(collection, rankings):
    """Measures by query of one ranking; a query without a ranking has found nothing."""
    return {query: measure_all(rankings.get(query, []), grades)
            for query, grades in collection.judgements.items() if query in collection.queries}


class Figures:
    """Values by set, setting and query, and what follows from them."""

    def __init__(self, collections_, resamples=1000, seed=1):
        self.collections = {collection.name: collection for collection in collections_}
        self.groups = groups_of(collections_)
        self.resamples = resamples
        self.seed = seed
        self.settings = []
        self.values = {}  # (set, setting): by query id, measures by name
        self.means = {}  # (set, class, setting, measure): (mean, resampled means)

    def add(self, setting, name, rankings):
        """What a setting, by its name, found in a set."""
        self.add_values(setting, name, measure_set(self.collections[name], rankings))

    def add_values(self, setting, name, values):
        """The same from measures by query."""
        if setting not in self.settings:
            self.settings.append(setting)
        self.values[name, setting] = values

    def has(self, setting, name):
        return (name, setting) in self.values

    def columns(self, name, ids):
        """What is resampled together: each setting and measure over the queries of a group."""
        return {(setting, measure): [self.values[name, setting][query][measure] for query in ids]
                for setting in self.settings if self.has(setting, name) for measure in MEASURES}

    def resample(self):
        for name, kind, ids in self.groups:
            columns = self.columns(name, ids)
            drawn = resampled_means(list(columns.values()), self.resamples,
                                    f"{self.seed} {name} {kind}")
            for (setting, measure), means in zip(columns, drawn):
                self.means[name, kind, setting, measure] = (mean(columns[setting, measure]), means)
        self.average_sets()

    def whole_groups(self):
        """One group for each set: all its queries."""
        seen = {}
        for name, kind, ids in self.groups:
            seen.setdefault(name, (name, kind, ids))
        return list(seen.values())

    def average_sets(self):
        """The mean over the sets, each counting once, where a setting has them all."""
        wholes = self.whole_groups()
        if len(wholes) < 2:
            return
        for setting in self.settings:
            if not all(self.has(setting, name) for name, _, _ in wholes):
                continue
            for measure in MEASURES:
                parts = [self.means[name, kind, setting, measure] for name, kind, _ in wholes]
                self.means[MEAN, "", setting, measure] = (
                    mean([part[0] for part in parts]),
                    [mean(drawn) for drawn in zip(*(part[1] for part in parts))])

    # ------------------------------------------------------------ what is told

    def all_groups(self):
        together = [(MEAN, "", [])] if len(self.whole_groups()) > 1 else []
        return self.groups + together

    def cells(self):
        """One for each group, setting and measure."""
        cells = []
        for name, kind, _ in self.all_groups():
            for setting in self.settings:
                for measure in MEASURES:
                    if (name, kind, setting, measure) in self.means:
                        value, drawn = self.means[name, kind, setting, measure]
                        low, high = interval(drawn)
                        cells.append({"set": name, "class": kind, "queries": self.count(name, kind),
                                      "setting": setting, "measure": measure, "mean": value,
                                      "low": low, "high": high})
        return cells

    def count(self, name, kind):
        return sum(len(ids) for group, other, ids in
                   (self.whole_groups() if name == MEAN else self.groups)
                   if name == MEAN or (group, other) == (name, kind))

    def differences(self, name, ids, before, after, measure):
        return [self.values[name, after][query][measure] -
                self.values[name, before][query][measure] for query in ids]

    def compare(self, before, after, measures=tuple(MEASURES), whole=False):
        """One comparison for each group and measure: the difference of the means with its
        interval, p, and how many queries are better and worse."""
        told = []
        wholes = self.whole_groups()
        for name, kind, ids in self.all_groups():
            if whole and (name, kind, ids) not in wholes and name != MEAN:
                continue
            parts = wholes if name == MEAN else [(name, kind, ids)]
            if not all(self.has(setting, part[0]) for part in parts
                       for setting in (before, after)):
                continue
            for measure in measures:
                # In the mean of sets a query counts the less the more queries its set has.
                by_set = [self.differences(part[0], part[2], before, after, measure)
                          for part in parts]
                weighted = [value / (len(values) * len(parts)) for values in by_set
                            for value in values]
                better, worse = better_and_worse([value for values in by_set for value in values])
                old, new = (self.means[name, kind, setting, measure]
                            for setting in (before, after))
                low, high = interval([b - a for a, b in zip(old[1], new[1])])
                largest = max(map(abs, weighted)) or 1.0
                told.append({"set": name, "class": kind, "queries": self.count(name, kind),
                             "from": before, "to": after, "measure": measure,
                             "before": old[0], "after": new[0], "difference": new[0] - old[0],
                             "low": low, "high": high,
                             "p": randomization_test([value / largest for value in weighted],
                                                     seed=self.seed),
                             "better": better, "worse": worse,
                             "same": len(weighted) - better - worse})
        return told

    def losses(self, measure=MAIN):
        """What a class X has less than X_base, which asks the same in the form of the text."""
        told = []
        for name, kind, _ in self.groups:
            for setting in self.settings:
                here = self.means.get((name, kind, setting, measure))
                base = self.means.get((name, kind + BASE, setting, measure))
                if here and base:
                    told.append({"set": name, "class": kind, "setting": setting,
                                 "measure": measure, "base": base[0], "mean": here[0],
                                 "loss": base[0] - here[0]})
        return told

    def moved(self, before, after, number, measure=MAIN):
        """The queries that gained most and those that lost most: (set, query) of each. Among
        equals those whose average precision moved more."""
        second = [name for name in MEASURES if name.startswith("AP")][0]
        moves = []
        for name, _, ids in self.whole_groups():
            if self.has(before, name) and self.has(after, name):
                moves += zip(self.differences(name, ids, before, after, measure),
                             self.differences(name, ids, before, after, second),
                             [(name, query) for query in ids])
        moves.sort(key=lambda move: (-move[0], -move[1], move[2]))
        gained = [move[2] for move in moves if move[0] > EQUAL]
        lost = [move[2] for move in reversed(moves) if move[0] < -EQUAL]
        return gained[:number], lost[:number]
