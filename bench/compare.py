#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare.py - two revisions of Lupe side by side: `make bench-compare BASE=rev`.

Builds both, has each index the same corpus with its own code (so the file format may differ),
starts both `lupe-bench serve` anew in every round and asks them each query in turn, pair by pair.
Names every class that lost more than 5 % beyond noise, and ends with status 1 then. Python 3
alone; writes only below the build folder, but for the entry of a git worktree while it runs.
"""

import argparse
import collections
import os
import random
import shlex
import shutil
import statistics
import sys

import side_by_side as side
from side_by_side import Failed, say

LOST = 1.05  # a ratio whose whole interval lies above is a loss,
LOST_US = 0.2  # if it is more than what the clocks can tell apart
ASKED = 3  # times a pair in a round; the fastest counts
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


# ---------------------------------------------------------------- two builds


class Worktree:
    """The files of a revision, for as long as the block lasts."""

    def __init__(self, revision, folder):
        self.revision = revision
        self.folder = folder

    def __enter__(self):
        self.remove()
        side.run(["git", "-C", TREE, "worktree", "add", "--detach", "--force", self.folder,
                  self.revision])
        return self.folder

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        if os.path.isdir(self.folder):
            try:
                side.run(["git", "-C", TREE, "worktree", "remove", "--force", self.folder])
            except Failed:
                shutil.rmtree(self.folder, ignore_errors=True)
        side.run(["git", "-C", TREE, "worktree", "prune"])


def resolve(revision):
    try:
        return side.run(["git", "-C", TREE, "rev-parse", "--verify", "--short=10",
                         revision + "^{commit}"]).strip()
    except Failed as error:
        raise Failed(f"{revision} is no revision of this repository") from error


def build(revision, name, options):
    """lupe-bench of a revision."""
    target = os.path.join(options.folder, name + "-build")
    say(f"{name}: building {revision}")
    with Worktree(revision, os.path.join(options.folder, name)) as folder:
        side.run([*shlex.split(options.make), "-C", folder, "BUILD=" + target,
                  os.path.join(target, "lupe-bench")], os.path.join(options.folder, "build.log"))
    return os.path.join(target, "lupe-bench")


def index(bench, name, corpus, options):
    """Builds an index with this build: its folder."""
    target = os.path.join(options.folder, name + "-index")
    shutil.rmtree(target, ignore_errors=True)
    text = side.run([bench, "index", corpus, target, "--threads", "1", "--merge", "--analysis",
                     options.analysis])
    say(f"{name}: {text.strip().splitlines()[-1]}")
    return target


# ---------------------------------------------------------------- asking


class Samples:
    """One place for each query and command: the ratios by round, the times, the answers."""

    def __init__(self):
        self.ratios = collections.defaultdict(list)
        self.times = collections.defaultdict(list)
        self.answers = {}


def ask_pairs(servers, work, queries, samples, chance):
    """A round: every pair ASKED times, in turn one first and then the other."""
    best = [dict(), dict()]
    for turn in range(ASKED):
        chance.shuffle(work)
        for place, (number, command) in enumerate(work):
            first = (place + turn) % 2
            for which in (first, 1 - first):
                answer, spent = servers[which].ask(command, queries[number][1])
                key = (number, command)
                samples.answers[which, number, command] = answer
                best[which][key] = min(spent, best[which].get(key, spent))
    for key in work:
        samples.times[key].append((best[0][key], best[1][key]))
        samples.ratios[key].append(max(best[1][key], 0.1) / max(best[0][key], 0.1))


def measure(commands, queries, options):
    """commands: how to start the servers of the base and of the new build. New processes for each
    round: where their memory happens to lie is noise as well."""
    samples = Samples()
    chance = random.Random(options.seed)
    work = [(number, command) for number in range(len(queries)) for command in options.commands]
    processor = side.pin()
    for turn in range(options.rounds):
        servers = [side.Server(name, command, processor)
                   for name, command in zip(("base", "new"), commands)]
        try:
            for server in servers:
                for number, command in work:
                    server.ask(command, queries[number][1])
            ask_pairs(servers, work, queries, samples, chance)
        finally:
            for server in servers:
                server.close()
        say(f"round {turn + 1} of {options.rounds}")
    return samples


# ---------------------------------------------------------------- judging

Cell = collections.namedtuple("Cell", "kind command base new ratio low high")


def judge(samples, queries, commands, seed=1):
    """A cell for each class and command."""
    cells = []
    for kind in side.classes_of(queries):
        numbers = [number for number, (name, _) in enumerate(queries) if name == kind]
        for command in commands:
            keys = [(number, command) for number in numbers]
            rounds = list(zip(*(samples.ratios[key] for key in keys)))
            low, high = side.interval(rounds, seed=seed)
            base, new = (statistics.mean(statistics.median(pair[which]
                                                           for pair in samples.times[key])
                                         for key in keys) for which in (0, 1))
            cells.append(Cell(kind, command, base, new, side.median_ratio(rounds), low, high))
    return cells


def lost(cell):
    return cell.low > LOST and cell.new - cell.base > LOST_US


def won(cell):
    return cell.high < 1 / LOST and cell.base - cell.new > LOST_US


def changed_counts(samples, queries):
    """Queries that the two builds count differently."""
    return [(query, samples.answers[0, number, "COUNT"], samples.answers[1, number, "COUNT"])
            for number, (_, query) in enumerate(queries)
            if samples.answers.get((0, number, "COUNT")) != samples.answers.get((1, number,
                                                                                  "COUNT"))]


def report(cells, names, corpus, queries, options, changed):
    rows = [[cell.kind, cell.command, side.microseconds(cell.base), side.microseconds(cell.new),
             f"**{cell.ratio:.3f}**", f"{cell.low:.3f} to {cell.high:.3f}",
             "LOST" if lost(cell) else "won" if won(cell) else ""] for cell in cells]
    losers = [f"{cell.kind} {cell.command} ({cell.ratio:.2f})" for cell in cells if lost(cell)]
    parts = [
        f"# {names[1]} beside {names[0]}",
        f"**Machine**: {side.machine()}. **Corpus**: {os.path.basename(corpus)}, analysis "
        f"`{options.analysis}`, {len(queries)} queries, {options.rounds} rounds.",
        "µs by the clock of `serve`, the fastest of three in a round. Ratio, new to base: over the "
        "queries of a class the geometric mean of the medians over the rounds, with the interval "
        "that holds 95 % of it when the rounds are drawn anew.",
        side.table(["class", "command", "base", "new", "ratio", "interval", ""], rows, 2),
        f"All cells: {side.geometric_mean([cell.ratio for cell in cells]):.3f}.",
        f"Lost more than {LOST - 1:.0%} beyond noise: " + ("; ".join(losers) or "none") + ".",
    ]
    if changed:
        parts.append(f"{len(changed)} queries are counted differently: " + "; ".join(
            f"`{query}` {before}, now {now}" for query, before, now in changed[:5]) + ".")
    return "\n\n".join(parts) + "\n", bool(losers)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", required=True, help="the revision to compare with")
    parser.add_argument("--new", help="another revision; else the present files")
    parser.add_argument("--bench", required=True, help="lupe-bench of the present files")
    parser.add_argument("--folder", required=True, help="for everything that is made")
    parser.add_argument("--make", default="make", help="make, with its arguments")
    side.add_common_arguments(parser)
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args()


def main():
    options = arguments()
    options.folder = os.path.abspath(options.folder)
    os.makedirs(options.folder, exist_ok=True)
    present = os.path.abspath(options.bench)
    names = [resolve(options.base),
             resolve(options.new) if options.new else side.revision(TREE) or "present files"]
    programs = [build(names[0], "base", options),
                build(names[1], "new", options) if options.new else present]
    corpus, path = side.corpus_and_queries(present, options, options.folder)
    queries = side.read_queries(path, options.per_class)
    commands = [[program, "serve", index(program, name, os.path.abspath(corpus), options)]
                for program, name in zip(programs, ("base", "new"))]
    samples = measure(commands, queries, options)
    cells = judge(samples, queries, options.commands)
    text, bad = report(cells, names, corpus, queries, options, changed_counts(samples, queries))
    target = os.path.join(options.folder, "table.md")
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)
    print(text)
    say(f"written to {target}")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as problem:
        say(f"bench-compare: {problem}")
        sys.exit(2)
