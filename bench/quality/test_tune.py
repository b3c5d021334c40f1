# SPDX-License-Identifier: MIT
"""Tests of tune.py on an engine that is made up: what is best is known. `make check-bench`."""

import contextlib
import io
import os
import tempfile
import unittest

import sets
import settings
import tune
from shared import Failed
from test_quality import PROGRAMS, SAMPLE

OPTIONS = [tune.Option("search", "--k1", ["1", "2", "3"]),
           tune.Option("search", "--b", ["1", "2", "3"])]


class Engine:
    """Finds the document at a rank that grows with the distance of k1 and b from a place; with
    b=3 queries of the class "plain" find nothing."""

    def __init__(self, k1, b):
        self.place = (k1, b)
        self.asked = []
        self.forgotten = []

    def search(self, setting, collection):
        given = dict(zip(setting.search[::2], map(int, setting.search[1::2])))
        self.asked.append((given["--k1"], given["--b"]))
        rank = abs(given["--k1"] - self.place[0]) + abs(given["--b"] - self.place[1])
        return {query: [] if query.startswith("plain") and given["--b"] == 3 else
                [f"x{number}" for number in range(rank)] +
                list(collection.judgements[query]) for query in collection.queries}, 0.0

    def forget(self, setting, collection):
        self.forgotten.append((setting, collection))


def made_up(size=40, name="s"):
    queries = {f"{kind}-{number}": "" for kind in ("plain", "odd") for number in range(size)}
    return sets.Set(name, "", "", queries,
                    {query: {f"d{query.partition('-')[2]}": 1} for query in queries}, "-")


def trials_of(engine):
    return tune.Trials(engine, [made_up(), made_up(60, "t")], settings.Setting("best", ""),
                       OPTIONS, "MRR@10")


class Halves(unittest.TestCase):
    def test_what_asks_for_one_document_stays_together(self):
        one, other = made_up(), made_up(60, "t")
        parts = tune.halves([one, other])
        for half, both in parts.items():
            numbers = [{kind: {query.partition("-")[2] for query in part.queries
                               if query.startswith(kind)} for kind in ("plain", "odd")}
                       for part in both]
            self.assertEqual(numbers[0]["plain"], numbers[0]["odd"], half)
            self.assertLess(numbers[0]["plain"], numbers[1]["plain"], half)
            self.assertGreater(len(numbers[0]["plain"]), 10)
        asked = [set(part[0].queries) for part in parts.values()]
        self.assertEqual(asked[0] | asked[1], set(one.queries))
        self.assertEqual(asked[0] & asked[1], set())

    def test_the_best_document_counts(self):
        self.assertEqual(tune.half_of({"a": 2, "b": 1}), tune.half_of({"a": 1}))
        self.assertEqual(tune.half_of({"b": 1, "a": 1}), tune.half_of({"a": 2}))
        self.assertEqual({tune.half_of({f"d{number}": 1}) for number in range(20)},
                         {tune.TUNING, tune.HELD_OUT})


class Search(unittest.TestCase):
    def setUp(self):
        quiet = contextlib.redirect_stderr(io.StringIO())
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def test_both_methods_find_the_place(self):
        for method in ("grid", "coordinates"):
            engine = Engine(3, 2)
            trials = trials_of(engine)
            self.assertEqual(getattr(trials, method)(("1", "1"), 0.0), ("3", "2"))
            asked = engine.asked[::2]  # of two sets
            self.assertEqual(len(set(asked)), len(asked))
            if method == "grid":
                self.assertEqual(len(asked), 9)

    def test_what_harms_a_class_is_refused(self):
        self.assertEqual(trials_of(Engine(1, 3)).grid(("1", "1"), 0.005), ("1", "2"))

    def test_the_start_stays_among_equals(self):
        trials = trials_of(Engine(2, 2))
        trials.run(("1", "2"))
        self.assertEqual(trials.best([("3", "2"), ("2", "1")], ("1", "2"), ("1", "2"), 1.0),
                         ("1", "2"))

    def prepare(self, engine):
        trials = trials_of(engine)
        options = tune.arguments(["x", "--lupe", "", "--bench", "", "--folder", "",
                                  "--resamples", "100"])
        return trials, tune.tune(trials, options), options

    def test_both_halves_are_told(self):
        trials, (start, chosen, found), options = self.prepare(Engine(3, 2))
        self.assertEqual(options.method, "grid")
        self.assertEqual([one["queries"] for one in found["tuning"]][-1] +
                         [one["queries"] for one in found["held-out"]][-1], 200)
        page = tune.page(trials, start, chosen, found, options)
        self.assertIn("k1=3 b=2", page)
        self.assertIn("The gain is there on the held-out half", page)
        self.assertIn("| 3 | 2 | 1.0000 | 1.0000 |", page)

    def test_no_gain_is_told(self):
        trials, (start, chosen, found), options = self.prepare(Engine(1, 1))
        self.assertEqual(start, chosen)
        self.assertIn("Nothing that was tried is better",
                      tune.page(trials, start, chosen, found, options))

    def test_a_gain_of_the_tuning_half_alone_is_none(self):
        trials = trials_of(Engine(1, 1))
        start, lucky = ("1", "2"), ("1", "1")
        for values in (start, lucky):
            trials.run(values)
        for part in trials.parts["held-out"]:
            for query in part.queries:
                trials.values[lucky][part.name][query] = trials.values[start][part.name][query]
        found = tune.compare_halves(trials, start, lucky, 100, 1)
        self.assertGreater(found["tuning"][-1]["difference"], 0.4)
        self.assertIn("does not show a gain", tune.verdict(trials, start, lucky, found))

    def test_indexes_of_other_options_are_removed(self):
        engine = Engine(1, 1)
        trials = tune.Trials(engine, [made_up()], settings.Setting("best", ""),
                             [tune.Option("index", "--n", ["1", "2"]), *OPTIONS], "MRR@10")
        trials.run(("1", "1", "1"))
        trials.run(("1", "1", "2"))
        self.assertEqual(engine.forgotten, [])
        trials.run(("2", "1", "1"))
        self.assertEqual([setting.index for setting, _ in engine.forgotten], [("--n", "1")])


class Options(unittest.TestCase):
    def test_values_go_where_they_belong(self):
        options = [tune.parse_option("index", "n=1,2"), tune.parse_option("search", "--k1=3"),
                   tune.parse_option("search_environment", "V=4")]
        one = tune.with_values(settings.Setting("b", "", search=("--x",)), options, "134")
        self.assertEqual((one.index, one.search, one.search_environment, one.environment),
                         (("--n", "1"), ("--x", "--k1", "3"), {"V": "4"}, {}))
        for wrong in ("k1", "=1", "k1="):
            with self.assertRaises(Failed):
                tune.parse_option("search", wrong)

    @unittest.skipUnless(all(map(os.path.exists, PROGRAMS)), "the programs are not built")
    def test_on_the_sample(self):
        with tempfile.TemporaryDirectory() as folder:
            given = [SAMPLE, "--lupe", PROGRAMS[0], "--bench", PROGRAMS[1], "--folder", folder,
                     "--resamples", "50"]
            output = io.StringIO()
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
                tune.main([*given, "--index", "memory=16M,32M", "--environment", "NOTHING=1,2"])
                with self.assertRaises(Failed):
                    tune.main([*given, "--search", "no-such-option=1,2"])
            self.assertIn("4 combinations, method grid", output.getvalue())
            self.assertIn("Nothing that was tried is better", output.getvalue())


if __name__ == "__main__":
    unittest.main()
