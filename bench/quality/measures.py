# SPDX-License-Identifier: MIT
"""What a ranking is worth, and how certain that is.

A ranking is a list of document ids, best first; grades are numbers by document id, and what is
above 0 is relevant. The definitions are those of trec_eval and ir-measures: the gain is the
grade, and what is not in the ranking counts as not found. Knows no files and no engines.
"""

import itertools
import math
import random

CUT = 10  # of nDCG and MRR
DEPTH = 100  # of recall and average precision, and of what engines are asked for
EXACT_MAX = 14  # so many differences: all 2^n signs are tried
EQUAL = 1e-9  # values closer than that are the same


def relevant(grades):
    return {name for name, grade in grades.items() if grade > 0}


def discounted_gain(gains):
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def ndcg(ranking, grades):
    gains = [max(grades.get(name, 0), 0) for name in ranking[:CUT]]
    ideal = sorted((max(grade, 0) for grade in grades.values()), reverse=True)[:CUT]
    best = discounted_gain(ideal)
    return discounted_gain(gains) / best if best else 0.0


def reciprocal_rank(ranking, grades):
    wanted = relevant(grades)
    return next((1 / rank for rank, name in enumerate(ranking[:CUT], 1) if name in wanted), 0.0)


def recall(ranking, grades):
    wanted = relevant(grades)
    return len(wanted.intersection(ranking[:DEPTH])) / len(wanted) if wanted else 0.0


def average_precision(ranking, grades):
    wanted = relevant(grades)
    found = 0
    total = 0.0
    for rank, name in enumerate(ranking[:DEPTH], 1):
        if name in wanted:
            found += 1
            total += found / rank
    return total / len(wanted) if wanted else 0.0


MEASURES = {f"nDCG@{CUT}": ndcg, f"MRR@{CUT}": reciprocal_rank, f"Recall@{DEPTH}": recall,
            f"AP@{DEPTH}": average_precision}
MAIN = f"nDCG@{CUT}"


def measure_all(ranking, grades):
    """Every measure of one query, by name. A document counts where it stands first."""
    once = list(dict.fromkeys(ranking))
    return {name: measure(once, grades) for name, measure in MEASURES.items()}


# ---------------------------------------------------------------- certainty


def mean(values):
    return math.fsum(values) / len(values)


def resampled_means(columns, resamples=1000, seed=1):
    """The means of each column over rows drawn with replacement, the same rows for all columns:
    a list of `resamples` means by column. The rows are queries."""
    rows = len(columns[0])
    chance = random.Random(seed)
    getters = [column.__getitem__ for column in columns]
    means = [[] for _ in columns]
    for _ in range(resamples):
        drawn = chance.choices(range(rows), k=rows)
        for getter, into in zip(getters, means):
            into.append(sum(map(getter, drawn)) / rows)
    return means


def interval(means, share=0.95):
    """The middle of resampled means: (low, high)."""
    ordered = sorted(means)
    left = int(len(ordered) * (1 - share) / 2)
    return ordered[left], ordered[len(ordered) - 1 - left]


def randomization_test(differences, rounds=10000, seed=1):
    """Two-sided p of paired differences: how often their sum is as far from 0 when each sign is
    thrown by a coin, as it would be if the two settings were the same. Exact for few queries."""
    there = [value for value in differences if abs(value) > EQUAL]
    if not there:
        return 1.0
    total = math.fsum(there)
    # With signs thrown the sum is the total less twice what turns negative.
    far = abs(total) - EQUAL * len(there)
    if len(there) <= EXACT_MAX:
        signs = itertools.product((0, 1), repeat=len(there))
        hits = sum(abs(total - 2 * sum(itertools.compress(there, chosen))) >= far
                   for chosen in signs)
        return hits / 2 ** len(there)
    chance = random.Random(seed)
    coin = bytes(value & 1 for value in range(256))
    hits = sum(abs(total - 2 * sum(itertools.compress(
        there, chance.randbytes(len(there)).translate(coin)))) >= far for _ in range(rounds))
    return (hits + 1) / (rounds + 1)


def better_and_worse(differences):
    """How many differences are above 0 and below."""
    return (sum(value > EQUAL for value in differences),
            sum(value < -EQUAL for value in differences))
