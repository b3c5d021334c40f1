# SPDX-License-Identifier: MIT
"""What peers.py and compare.py share: processes that answer queries, figures, Markdown.

Knows the protocol of README.md and nothing of the engines behind it. Python 3 alone.
"""

import os
import random
import statistics
import subprocess
import sys
import time

COMMANDS = ("COUNT", "TOP_10", "TOP_100", "TOP_1000", "TOP_10_COUNT")


class Failed(Exception):
    """What is printed instead of a traceback."""


# ---------------------------------------------------------------- processes


def add_common_arguments(parser):
    """What is asked, of what text: the same for every comparison."""
    parser.add_argument("--corpus", help="JSON Lines; else text is invented")
    parser.add_argument("--queries", help="class, tab, query; else made of the corpus")
    parser.add_argument("--documents", type=int, default=40000, help="of invented text")
    parser.add_argument("--per-class", type=int, default=0, help="the first queries only")
    parser.add_argument("--analysis", default="plain", choices=["plain", "german", "best"])
    parser.add_argument("--commands", type=lambda text: text.split(","),
                        default=list(COMMANDS))
    parser.add_argument("--seed", type=int, default=1)


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def run(command, log=None, **options):
    """Runs a command; what it prints goes to the file log. The last lines are in the error."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False, **options)
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from error
    text = done.stdout.decode("utf-8", "replace")
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}\n{text}")
    if done.returncode != 0:
        last = " / ".join(line.strip() for line in text.strip().splitlines()[-3:])
        raise Failed(f"{' '.join(command[:3])} ended with {done.returncode}: {last}")
    return text


def pin():
    """This process on one processor, what it measures on another: both servers of a pair on the
    same one, for what else runs there would be a difference. Their processor, None without."""
    there = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(there) < 2:
        return None
    os.sched_setaffinity(0, {there[0]})
    return there[-1]


class Server:
    """A process that answers lines."""

    def __init__(self, name, command, processor=None):
        self.name = name
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        bufsize=0)
        if processor is not None:
            os.sched_setaffinity(self.process.pid, {processor})
        self.requests = self.process.stdin.fileno()
        self.answers = self.process.stdout.fileno()

    def ask(self, command, query):
        """The answer and microseconds: by the process's own clock where it tells them."""
        request = f"{command}\t{query}\n".encode()
        start = time.perf_counter()
        try:
            os.write(self.requests, request)
            answer = os.read(self.answers, 1 << 16)
            while not answer.endswith(b"\n"):
                more = os.read(self.answers, 1 << 20)
                if not more:
                    raise BrokenPipeError
                answer += more
        except BrokenPipeError as error:
            raise Failed(f"{self.name} ended while it was asked {command} {query}") from error
        spent = (time.perf_counter() - start) * 1e6
        return split_answer(answer.decode("utf-8", "replace"), spent)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def split_answer(line, spent):
    """("17\\tus=12.5\\n", 40.0) is ("17", 12.5); without us= it is what was spent."""
    text, mark, own = line.rstrip("\n").rpartition("us=")
    if not mark:
        return line.rstrip("\n"), spent
    return text.rstrip("\t"), float(own)


def read_queries(path, per_class=0):
    """Pairs of class and query; the first per_class of each class, 0: all."""
    queries = []
    seen = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, tab, query = line.rstrip("\n").partition("\t")
            if not tab or line.startswith("#"):
                continue
            seen[name] = seen.get(name, 0) + 1
            if not per_class or seen[name] <= per_class:
                queries.append((name, query.split("\t")[0]))
    if not queries:
        raise Failed(f"{path}: no line of class, tab, query")
    return queries


def classes_of(queries):
    return list(dict.fromkeys(name for name, _ in queries))


# ---------------------------------------------------------------- figures


def geometric_mean(values):
    return statistics.geometric_mean(values) if values else float("nan")


def median_ratio(rounds):
    """rounds: for each round the ratios of all queries, in the same order. The geometric mean
    over the queries of the median over the rounds: one disturbed round does not count, some
    queries of many do."""
    return geometric_mean([statistics.median(ratios) for ratios in zip(*rounds)])


def interval(rounds, estimate=median_ratio, resamples=200, seed=1):
    """The middle 95 % of the estimate over resampled rounds."""
    chance = random.Random(seed)
    values = sorted(estimate(chance.choices(rounds, k=len(rounds))) for _ in range(resamples))
    return values[int(0.025 * resamples)], values[int(0.975 * resamples) - 1]


def best_of(times, ours):
    """The name of the fastest but ours; None where there is no other. times: name to number."""
    others = {name: spent for name, spent in times.items() if name != ours}
    return min(others, key=others.get) if others else None


def reference_count(counts, expected=None):
    """What most engines say, the expected number where there is one; None on a draw."""
    if expected is not None:
        return expected
    said = sorted(counts.values())
    votes = {number: said.count(number) for number in said}
    most = max(votes.values())
    winners = [number for number, vote in votes.items() if vote == most]
    return winners[0] if len(winners) == 1 else None


# ---------------------------------------------------------------- Markdown


def microseconds(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}"


def table(head, rows, text_columns=1):
    """A Markdown table; all columns but the first text_columns are numbers."""
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + "---|" * text_columns + "--:|" * (len(head) - text_columns))
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def machine():
    """Processor, cores, memory, system: what a figure cannot do without."""
    name = "unknown processor"
    memory = 0
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next((line.split(":", 1)[1].strip() for line in file
                         if line.startswith(("model name", "Model"))), name)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (OSError, ValueError):
        pass
    system = os.uname()
    return (f"{name}, {os.cpu_count()} processors, {memory:.0f} GiB, {system.sysname} "
            f"{system.release} {system.machine}, load {os.getloadavg()[0]:.2f}")


def revision(folder):
    """The commit of a work tree, with a plus when it was changed; "" where there is no git."""
    try:
        name = run(["git", "-C", folder, "rev-parse", "--short=10", "HEAD"]).strip()
        changed = run(["git", "-C", folder, "status", "--porcelain", "-uno"]).strip()
    except Failed:
        return ""
    return name + ("+" if changed else "")


def generate(bench, documents, seed, folder):
    """A corpus of invented text and its queries: their paths."""
    os.makedirs(folder, exist_ok=True)
    corpus = os.path.join(folder, f"generated-{documents}-{seed}.jsonl")
    queries = os.path.join(folder, f"generated-{documents}-{seed}.tsv")
    with open(corpus, "wb") as file:
        done = subprocess.run([bench, "generate", str(documents), str(seed), queries],
                              stdout=file, check=False)
    if done.returncode != 0:
        raise Failed("lupe-bench generate failed")
    return corpus, queries


def make_queries(bench, corpus, per_class, folder):
    """Queries of the words of a corpus: their path."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "queries.tsv")
    with open(path, "wb") as file:
        done = subprocess.run([bench, "queries", corpus, str(per_class)], stdout=file, check=False)
    if done.returncode != 0:
        raise Failed("lupe-bench queries failed")
    return path


def corpus_and_queries(bench, options, folder):
    """Those that the user names; else the queries are made, or both."""
    if not options.corpus:
        if options.queries:
            raise Failed("queries without the corpus they are for")
        return generate(bench, options.documents, options.seed, folder)
    return options.corpus, options.queries or make_queries(bench, options.corpus, 30, folder)
