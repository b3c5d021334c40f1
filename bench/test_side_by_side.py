# SPDX-License-Identifier: MIT
"""Tests of what peers.py and compare.py compute: `make check-bench`. Nothing here measures time."""

import os
import random
import tempfile
import unittest

import compare
import peers
import side_by_side as side


class Answers(unittest.TestCase):
    def test_own_clock_is_taken_off(self):
        self.assertEqual(side.split_answer("17\tus=12.5\n", 40.0), ("17", 12.5))
        self.assertEqual(side.split_answer("a 1.5\tb 1.2\tus=3.0\n", 40.0), ("a 1.5\tb 1.2", 3.0))
        self.assertEqual(side.split_answer("\tus=3.0\n", 40.0), ("", 3.0))

    def test_without_a_clock_the_round_trip_counts(self):
        self.assertEqual(side.split_answer("17\n", 40.0), ("17", 40.0))

    def test_a_process_is_asked_and_ended(self):
        server = side.Server("echo", ["sh", "-c", "while read -r line; do echo \"7\tus=1.5\"; done"])
        self.assertEqual(server.ask("COUNT", "wort"), ("7", 1.5))
        server.close()
        self.assertEqual(server.process.returncode, 0)

    def test_a_process_that_ends_is_told(self):
        server = side.Server("true", ["true"])
        server.process.wait()
        with self.assertRaises(side.Failed):
            server.ask("COUNT", "wort")
        server.close()


class Queries(unittest.TestCase):
    def test_lines_comments_and_counts(self):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".tsv") as file:
            file.write("# x\ty\nterm\tzug\nterm\tbahn\t12\nand\t+a +b\n\nnone\n")
            file.flush()
            self.assertEqual(side.read_queries(file.name),
                             [("term", "zug"), ("term", "bahn"), ("and", "+a +b")])
            self.assertEqual(side.read_queries(file.name, 1), [("term", "zug"), ("and", "+a +b")])

    def test_a_file_without_queries_is_an_error(self):
        with self.assertRaises(side.Failed):
            side.read_queries(os.devnull)


class Figures(unittest.TestCase):
    def test_one_disturbed_round_does_not_count(self):
        rounds = [[1.0, 2.0], [1.0, 2.0], [9.0, 9.0]]
        self.assertAlmostEqual(side.median_ratio(rounds), 2 ** 0.5)

    def test_interval_holds_the_ratio_and_is_the_same_each_time(self):
        chance = random.Random(4)
        rounds = [[chance.uniform(1.0, 1.2) for _ in range(10)] for _ in range(9)]
        low, high = side.interval(rounds)
        self.assertLessEqual(low, side.median_ratio(rounds))
        self.assertGreaterEqual(high, side.median_ratio(rounds))
        self.assertLess(high - low, 0.1)
        self.assertEqual((low, high), side.interval(rounds))

    def test_equal_rounds_leave_no_interval(self):
        self.assertEqual(side.interval([[2.0, 2.0]] * 5), (2.0, 2.0))

    def test_best_other(self):
        self.assertEqual(side.best_of({"lupe": 1, "b": 3, "c": 2}, "lupe"), "c")
        self.assertIsNone(side.best_of({"lupe": 1}, "lupe"))

    def test_most_voices_or_the_truth(self):
        self.assertEqual(side.reference_count({"a": 5, "b": 5, "c": 6}), 5)
        self.assertIsNone(side.reference_count({"a": 5, "b": 6}))
        self.assertEqual(side.reference_count({"a": 5, "b": 5}, 7), 7)

    def test_table(self):
        self.assertEqual(side.table(["a", "b", "c"], [["x", "y", 1]], 2),
                         "| a | b | c |\n|---|---|--:|\n| x | y | 1 |")


def samples_of(ratios, rounds=9, base=10.0, spread=0.01):
    """Made-up rounds: ratios by class, four queries each."""
    chance = random.Random(2)
    samples = compare.Samples()
    queries = [(kind, f"{kind}{i}") for kind in ratios for i in range(4)]
    for number, (kind, _) in enumerate(queries):
        for _ in range(rounds):
            ratio = ratios[kind] * chance.uniform(1 - spread, 1 + spread)
            samples.ratios[number, "COUNT"].append(ratio)
            samples.times[number, "COUNT"].append((base, base * ratio))
        samples.answers[0, number, "COUNT"] = samples.answers[1, number, "COUNT"] = "3"
    return samples, queries


class Compare(unittest.TestCase):
    def verdicts(self, *arguments, **options):
        samples, queries = samples_of(*arguments, **options)
        return {cell.kind: (compare.lost(cell), compare.won(cell))
                for cell in compare.judge(samples, queries, ["COUNT"])}

    def test_only_what_is_beyond_the_limit_is_lost(self):
        self.assertEqual(self.verdicts({"same": 1.0, "worse": 1.03, "lost": 1.12, "won": 0.8}),
                         {"same": (False, False), "worse": (False, False),
                          "lost": (True, False), "won": (False, True)})

    def test_noise_is_no_loss(self):
        self.assertEqual(self.verdicts({"noise": 1.06}, spread=0.3), {"noise": (False, False)})

    def test_what_the_clock_cannot_tell_apart_is_no_loss(self):
        self.assertEqual(self.verdicts({"tiny": 1.12}, base=1.0), {"tiny": (False, False)})

    def test_other_counts_are_named(self):
        samples, queries = samples_of({"term": 1.0})
        self.assertEqual(compare.changed_counts(samples, queries), [])
        samples.answers[1, 2, "COUNT"] = "4"
        self.assertEqual(compare.changed_counts(samples, queries), [("term2", "3", "4")])


class Peers(unittest.TestCase):
    def test_rows_have_the_best_other_and_the_slowest(self):
        samples = peers.Samples()
        for name, times in {"lupe": (10, 30), "slow": (50, 70), "fast": (15, 25)}.items():
            for number, spent in enumerate(times):
                samples.times[name, number, "COUNT"] = [spent, spent, spent * 100]
        rows, ratios = peers.speed_rows(samples, ["lupe", "slow", "fast"],
                                        [("term", "a"), ("term", "b")], ["COUNT"])
        self.assertEqual(rows, [["term", "COUNT", "20.0", "20.0 fast", "**1.00**", "30.0 / 25.0",
                                 "60.0", "20.0"]])
        self.assertIn("1 of 1 cells", peers.summary(ratios))

    def test_who_counts_otherwise_is_named(self):
        samples = peers.Samples()
        for name, count in {"lupe": "3", "a": "3", "b": "4"}.items():
            samples.answers[name, 0, "COUNT"] = count
            samples.answers[name, 0, "TOP_10"] = "3"
        options = type("Options", (), {"commands": ["COUNT", "TOP_10"]})
        lines, wrong = peers.compare_counts(samples, ["lupe", "a", "b"], [("term", "zug")],
                                            options, {})
        self.assertEqual(wrong, 0)
        self.assertIn("- b: 1 of 1 counts differ (`zug` 4, not 3)", lines)
        self.assertIn("- b: TOP_10 contradicts COUNT for 1 queries", lines)
        _, wrong = peers.compare_counts(samples, ["lupe", "a", "b"], [("term", "zug")], options,
                                        {("term", "zug"): 4})
        self.assertEqual(wrong, 1)

    def test_what_is_missing_is_left_out(self):
        path = os.environ["PATH"]
        os.environ["PATH"] = "/nonexistent"
        try:
            with tempfile.TemporaryDirectory() as folder:
                built, left_out = peers.build(["tantivy"], folder)
        finally:
            os.environ["PATH"] = path
        self.assertEqual(built, [])
        self.assertEqual(len(left_out), 1)
        self.assertIn("cargo is not there", left_out[0])


if __name__ == "__main__":
    unittest.main()
