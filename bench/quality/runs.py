# SPDX-License-Identifier: MIT
"""Rankings: from `lupe`, from `lupe-bench`, or from a TREC run file.

A ranking is a list of document ids by query id. The engine is a process; what it is asked and
what it answers goes through its pipes, all queries of a set through one process.
"""

import os
import re
import shutil
import subprocess
import time

from measures import DEPTH
from settings import BENCH, TOOL
from sets import column, documents_for_lupe, plain
from shared import Failed

RUN_FILES = ("{name}", "{name}.run", "{name}.trec", "{name}.txt")
EXPLANATION_LINES = 60  # of one query are kept


# ---------------------------------------------------------------- run files


def parse_run_lines(lines, path="run"):
    """Rankings of the lines `qid Q0 id rank score tag`: by score, then rank, then as they stand,
    which is the engine's own order also where scores were rounded."""
    ranked = {}
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if not parts:
            continue
        try:
            query, _, name, rank, score = parts[:5]
            key = (-float(score), int(rank), number)
        except ValueError as error:
            raise Failed(f"{path}:{number}: not qid Q0 id rank score tag") from error
        ranked.setdefault(query, []).append((key, name))
    return {query: [name for _, name in sorted(hits)] for query, hits in ranked.items()}


def run_path(path, name):
    """The run of a set: the file, or that of its name in a folder; None without."""
    if not os.path.isdir(path):
        return path
    there = [os.path.join(path, form.format(name=name)) for form in RUN_FILES]
    return next((file for file in there if os.path.isfile(file)), None)


def read_run(path, collection):
    """The rankings that a run has of the queries of a set; {} where it has none."""
    file = run_path(path, collection.name)
    if file is None:
        return {}
    try:
        with open(file, encoding="utf-8") as lines:
            rankings = parse_run_lines(lines, file)
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}") from error
    return {query: names for query, names in rankings.items() if query in collection.queries}


def write_run(path, rankings, tag):
    with open(path, "w", encoding="utf-8") as file:
        for query, names in rankings.items():
            for rank, name in enumerate(names, 1):
                file.write(f"{query} Q0 {name} {rank} {len(names) - rank + 1} {tag}\n")


# ---------------------------------------------------------------- Lupe


def call(command, environment, given="", allowed=(0,)):
    """Standard output of a command, and standard error."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, input=given.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False,
                              env={**os.environ, **environment})
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from error
    output, errors = (part.decode("utf-8", "replace") for part in (done.stdout, done.stderr))
    if done.returncode not in allowed:
        last = " / ".join(errors.strip().splitlines()[-3:])
        raise Failed(f"{' '.join(command[:6])} ended with {done.returncode}: {last}")
    return output, errors


def parse_served(output, queries):
    """Rankings of what `lupe-bench serve` answers to TOPIDS, one line a query."""
    lines = output.splitlines()
    if len(lines) != len(queries):
        raise Failed(f"{len(queries)} queries, {len(lines)} answers")
    rankings = {}
    for query, line in zip(queries, lines):
        hits = [part for part in line.split("\t") if part and not part.startswith("us=")]
        if hits and hits[0] in ("ERROR", "UNSUPPORTED"):
            raise Failed(f"{query}: {hits[0]}")
        rankings[query] = [column(hit.rsplit(" ", 1)[0]) for hit in hits]
    return rankings


class Engine:
    """Indexes and searches with any setting; keeps its indexes in a folder until it is closed."""

    def __init__(self, programs, folder, raw=False):
        self.programs = programs
        self.folder = os.path.abspath(folder)
        self.raw = raw
        self.indexes = {}  # by set and by what an index depends on: path, seconds
        self.made = 0
        os.makedirs(self.folder, exist_ok=True)

    def text_of(self, query):
        return query if self.raw else plain(query)

    def index(self, setting, collection):
        """The path of an index, the seconds it took, its bytes."""
        key = (collection.name, setting.program, setting.index,
               tuple(sorted(setting.environment.items())))
        if key not in self.indexes:
            self.made += 1
            target = os.path.join(self.folder, f"{collection.name}-{self.made}")
            shutil.rmtree(target, ignore_errors=True)
            os.makedirs(target)
            documents = documents_for_lupe(collection, target)
            path = os.path.join(target, "index.lupe")
            program = self.programs.paths[setting.program]
            if setting.program == BENCH:
                command = [program, "index", documents, target, "--threads", "1", "--merge",
                           *setting.index]
            else:
                command = [program, "index", "-i", path, *setting.index, documents]
            start = time.monotonic()
            call(command, setting.environment)
            self.indexes[key] = (path, time.monotonic() - start, os.path.getsize(path))
        return self.indexes[key]

    def forget(self, setting, collection):
        """Removes an index that is not needed again."""
        key = (collection.name, setting.program, setting.index,
               tuple(sorted(setting.environment.items())))
        if key in self.indexes:
            shutil.rmtree(os.path.dirname(self.indexes.pop(key)[0]), ignore_errors=True)

    def search(self, setting, collection):
        """Rankings, and the seconds it took to ask them."""
        path = self.index(setting, collection)[0]
        environment = {**setting.environment, **setting.search_environment}
        program = self.programs.paths[setting.program]
        texts = {query: self.text_of(text) for query, text in collection.queries.items()}
        start = time.monotonic()
        if setting.program == BENCH:
            given = "".join(f"TOPIDS_{DEPTH}\t{text}\n" for text in texts.values())
            output, _ = call([program, "serve", os.path.dirname(path), *setting.search],
                             environment, given)
            rankings = parse_served(output, list(texts))
        else:
            given = "".join(f"{query}\t{text}\n" for query, text in texts.items())
            output, _ = call([program, "search", "-i", path, "--queries", "-", "--format", "trec",
                              "-n", DEPTH, *setting.search], environment, given, (0, 1))
            rankings = parse_run_lines(output.splitlines(), "lupe search")
        return rankings, time.monotonic() - start

    def explain(self, setting, collection, query, hits=3):
        """How the scores of a query's first hits came about, as the tool tells it; "" where it
        does not."""
        if setting.program != TOOL or not self.programs.knows(TOOL, "search", "--explain"):
            return ""
        path = self.index(setting, collection)[0]
        output, _ = call([self.programs.paths[TOOL], "search", "-i", path, "--explain", "-n", hits,
                          *setting.search, "--", self.text_of(collection.queries[query])],
                         {**setting.environment, **setting.search_environment}, "", (0, 1))
        lines = re.sub(r"\x1b\[[0-9;]*m", "", output).rstrip().splitlines()
        return "\n".join(lines[:EXPLANATION_LINES])

    def close(self):
        for path, _, _ in self.indexes.values():
            shutil.rmtree(os.path.dirname(path), ignore_errors=True)
        self.indexes = {}
