# SPDX-License-Identifier: MIT
"""Tests of the evaluation: measures against values computed by hand, files in all their forms,
and the whole of it on the sample set with the programs of BUILD. `make check-bench`."""

import contextlib
import io
import itertools
import json
import math
import os
import random
import tempfile
import unittest

import evaluate
import measures
import quality
import report
import runs
import sets
import settings
from shared import TREE, Failed

BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(TREE, "build")))
PROGRAMS = [os.path.join(BUILD, name) for name in ("lupe", "lupe-bench")]
SAMPLE = os.path.join(TREE, "bench", "quality", "sample")
GRADES = {"a": 3, "b": 2, "c": 1, "d": 0}


def write(folder, files):
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return folder


class Measures(unittest.TestCase):
    def test_ndcg_has_the_grade_as_gain(self):
        # 2/log2(2) + 3/log2(4) of 3/log2(2) + 2/log2(3) + 1/log2(4)
        self.assertAlmostEqual(measures.ndcg(["b", "x", "a"], GRADES),
                               (2 + 1.5) / (3 + 2 / math.log2(3) + 0.5))
        self.assertAlmostEqual(measures.ndcg(["b", "x", "a"], GRADES), 0.7350, 4)
        self.assertEqual(measures.ndcg(["a", "b", "c"], GRADES), 1.0)
        self.assertEqual(measures.ndcg([], GRADES), 0.0)

    def test_what_comes_eleventh_is_no_gain(self):
        others = [f"x{number}" for number in range(10)]
        self.assertEqual(measures.ndcg([*others, "a"], {"a": 1}), 0.0)
        self.assertAlmostEqual(measures.ndcg([*others[:9], "a"], {"a": 1}), 1 / math.log2(11))
        self.assertEqual(measures.reciprocal_rank([*others, "a"], {"a": 1}), 0.0)
        self.assertEqual(measures.reciprocal_rank([*others[:9], "a"], {"a": 1}), 0.1)

    def test_the_ideal_has_ten_documents_at_most(self):
        grades = {f"r{number}": 1 for number in range(30)}
        self.assertAlmostEqual(measures.ndcg(list(grades)[:10], grades), 1.0)

    def test_a_judged_document_may_be_irrelevant(self):
        self.assertEqual(measures.reciprocal_rank(["d", "c"], GRADES), 0.5)
        self.assertEqual(measures.recall(["d"], GRADES), 0.0)
        self.assertEqual(measures.ndcg(["d"], {"d": -1, "a": 1}), 0.0)

    def test_recall_of_the_first_hundred(self):
        others = [f"x{number}" for number in range(98)]
        self.assertAlmostEqual(measures.recall([*others, "a", "b", "c"], GRADES), 2 / 3)

    def test_average_precision(self):
        # found at 1, 3 and 4 of three
        self.assertAlmostEqual(measures.average_precision(["a", "x", "b", "c"], GRADES),
                               (1 + 2 / 3 + 3 / 4) / 3)
        self.assertAlmostEqual(measures.average_precision(["x", "a"], GRADES), 0.5 / 3)

    def test_a_document_counts_once(self):
        self.assertEqual(measures.measure_all(["x", "x", "a"], {"a": 1})["MRR@10"], 0.5)
        self.assertEqual(measures.measure_all(["a", "a"], {"a": 1, "b": 1})["Recall@100"], 0.5)


class Certainty(unittest.TestCase):
    def test_intervals_hold_the_mean_and_are_the_same_each_time(self):
        chance = random.Random(3)
        values = [chance.random() for _ in range(200)]
        means = measures.resampled_means([values, [1 - value for value in values]], 500, "seed")
        low, high = measures.interval(means[0])
        self.assertLess(low, measures.mean(values))
        self.assertGreater(high, measures.mean(values))
        # The standard error is 0.289 / sqrt(200); the interval has about 3.92 of them.
        self.assertAlmostEqual(high - low, 3.92 * 0.289 / math.sqrt(200), delta=0.02)
        for first, second in zip(*means):  # the same rows in both columns
            self.assertAlmostEqual(first + second, 1.0)
        again = measures.resampled_means([values], 500, "seed")
        self.assertEqual((low, high), measures.interval(again[0]))

    def test_interval_leaves_a_fortieth_at_each_end(self):
        self.assertEqual(measures.interval(range(1000)), (25, 974))

    def test_randomization_of_few_is_exact(self):
        # All eight signs of 1, 1, 1: two of them are as far from 0.
        self.assertEqual(measures.randomization_test([1, 1, 1, 0, 0]), 0.25)
        self.assertEqual(measures.randomization_test([1, -1]), 1.0)
        self.assertEqual(measures.randomization_test([0.0, 0.0]), 1.0)
        values = [0.3, 0.5, -0.1, 0.2]
        far = sum(abs(sum(map(lambda a, b: a * b, values, signs))) >= 0.9 - 1e-6
                  for signs in itertools.product((1, -1), repeat=4))
        self.assertEqual(measures.randomization_test(values), far / 16)

    def test_randomization_of_many_comes_near(self):
        # 15 up and 5 down of the same size: the sign test's two-sided p is 0.0414.
        p = measures.randomization_test([1.0] * 15 + [-1.0] * 5)
        self.assertAlmostEqual(p, 0.0414, delta=0.008)
        self.assertLess(measures.randomization_test([0.1] * 40), 0.001)
        self.assertGreater(measures.randomization_test([0.1, -0.1] * 20), 0.9)

    def test_better_and_worse(self):
        self.assertEqual(measures.better_and_worse([0.1, -0.2, 0.0, 1e-12, 0.3]), (2, 1))


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(lambda: __import__("shutil").rmtree(self.folder))

    def set_of(self, files, **options):
        write(self.folder, {"docs.jsonl": '{"id":"a","title":"","text":"Haus"}\n', **files})
        return sets.read_set(self.folder, **options)

    def test_trec_judgements_and_tab_separated_queries(self):
        found = self.set_of({"queries.tsv": "k-1\tein  Haus\nk-2\tnicht gefragt\n\n",
                             "qrels.txt": "k-1 0 a 2\nk-1 0 b 0\nk-3 0 a 1\n"})
        self.assertEqual(found.queries, {"k-1": "ein Haus"})
        self.assertEqual(found.judgements, {"k-1": {"a": 2, "b": 0}})

    def test_beir(self):
        found = self.set_of({"queries.jsonl": '{"_id":"1","text":"Haus"}\n{"_id":2,"text":"Hof"}\n',
                             "qrels/test.tsv": "query-id\tcorpus-id\tscore\n1\ta b\t1\n2\tc\t1\n",
                             "qrels/dev.tsv": "query-id\tcorpus-id\tscore\n2\tc\t1\n"})
        self.assertEqual(found.queries, {"1": "Haus", "2": "Hof"})
        self.assertEqual(found.judgements, {"1": {"a%20b": 1}, "2": {"c": 1}})
        self.assertEqual(list(sets.read_set(self.folder, split="dev").queries), ["2"])

    def test_topics(self):
        path = os.path.join(write(self.folder, {"topics.txt": """
<top>
<num> Number: 301
<title> Haus &amp; Hof
<desc> Description: x
</top>
<top lang="de"><num>C042</num><DE-title>Alte
Mühlen</DE-title><DE-desc>y</DE-desc></top>"""}), "topics.txt")
        self.assertEqual(sets.read_queries(path), {"301": "Haus & Hof", "C042": "Alte Mühlen"})

    def test_queries_without_a_relevant_document_are_left_out(self):
        found = self.set_of({"queries.tsv": "1\tx\n2\ty\n", "qrels.txt": "1 0 a 0\n2 0 a 1\n"})
        self.assertEqual(list(found.queries), ["2"])
        with self.assertRaises(Failed):
            self.set_of({"qrels.txt": "1 0 a 0\n"})

    def test_what_cannot_be_read_is_told(self):
        for name, text in {"qrels.txt": "1 0 a 1\n1 0 a x\n", "queries.tsv": "1 x\n",
                           "queries.jsonl": "{\n"}.items():
            path = os.path.join(write(self.folder, {name: text}), name)
            with self.assertRaises(Failed):
                (sets.read_judgements if "qrels" in name else sets.read_queries)(path)
        with self.assertRaises(Failed):
            sets.find_sets(os.path.join(self.folder, "none"))

    def test_a_folder_of_sets(self):
        files = {"docs.jsonl": '{"id":"a"}\n', "queries.tsv": "1\tx\n", "qrels.txt": "1 0 a 1\n"}
        write(self.folder, {f"{name}/{file}": text for name in "ba" for file, text in
                            files.items()})
        write(self.folder, {"other/notes.txt": ""})
        self.assertEqual([found.name for found in sets.find_sets(self.folder)], ["a", "b"])

    def test_documents_with_other_ids_are_written_anew(self):
        found = self.set_of({"queries.tsv": "1\tx\n", "qrels.txt": "1 0 a 1\n"})
        self.assertEqual(sets.documents_for_lupe(found, self.folder), found.documents)
        other = write(os.path.join(self.folder, "beir"), {
            "corpus.jsonl": '{"_id":7,"title":"T","text":"Öl","metadata":{}}\n',
            "queries.tsv": "1\tx\n", "qrels.txt": "1 0 7 1\n"})
        path = sets.documents_for_lupe(sets.read_set(other), self.folder)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(json.loads(file.read()), {"id": "7", "title": "T", "text": "Öl"})
        self.assertEqual(sets.beginnings(sets.read_set(other), {"7"}), {"7": "T"})

    def test_classes(self):
        def classes(*names):
            return sets.classes_of(sets.Set("s", "", "", dict.fromkeys(names, ""), {}, "-"))
        self.assertEqual(classes("b-1", "a-1-x", "b-2"), {"a": ["a-1-x"], "b": ["b-1", "b-2"]})
        self.assertEqual(classes("1", "a-1"), {})
        self.assertEqual(classes(*(f"{number}-1" for number in range(25))), {})

    def test_only_some(self):
        one = sets.Set("s", "", "", {"a-1": "", "b-1": ""}, {}, "-")
        self.assertEqual(list(sets.only([one], ["s/b"])[0].queries), ["b-1"])
        self.assertEqual(sets.only([one], ["s", "s/b"]), [one])
        for wanted in ("t", "s/c"):
            with self.assertRaises(Failed):
                sets.only([one], [wanted])

    def test_queries_lose_what_the_query_language_reads(self):
        self.assertEqual(sets.plain('+Haus -"Hof" - U-Bahn'), "Haus Hof U-Bahn")


class Rankings(unittest.TestCase):
    def test_by_score_then_rank(self):
        lines = ["1 Q0 c 3 1.0 t", "1 Q0 a 1 2.0 t", "1 Q0 b 2 1.0 t", "", "2 Q0 a 1 1 t"]
        self.assertEqual(runs.parse_run_lines(lines), {"1": ["a", "b", "c"], "2": ["a"]})
        self.assertEqual(runs.parse_run_lines(["1 Q0 a 0 1 t", "1 Q0 b 0 3 t"]), {"1": ["b", "a"]})
        with self.assertRaises(Failed):
            runs.parse_run_lines(["1 Q0 a x 1 t"])

    def test_what_serve_answers(self):
        self.assertEqual(runs.parse_served("a b 2.5\tc 1\tus=3\n\tus=1\n", ["1", "2"]),
                         {"1": ["a%20b", "c"], "2": []})
        with self.assertRaises(Failed):
            runs.parse_served("a 1\tus=3\n", ["1", "2"])
        with self.assertRaises(Failed):
            runs.parse_served("ERROR\tus=3\n", ["1"])

    def test_run_files_come_back(self):
        with tempfile.TemporaryDirectory() as folder:
            one = sets.Set("s", "", "", {"1": "", "2": ""}, {}, "-")
            rankings = {"1": ["b", "a"], "3": ["c"]}
            runs.write_run(os.path.join(folder, "s.run"), rankings, "t")
            self.assertEqual(runs.read_run(folder, one), {"1": ["b", "a"]})
            self.assertEqual(runs.read_run(os.path.join(folder, "s.run"), one), {"1": ["b", "a"]})
            self.assertEqual(runs.read_run(folder, one._replace(name="t")), {})


def figures_of(*sizes):
    """Sets of so many queries, each with one relevant document; "old" finds it second, "new"
    first, but in the last query of each set not at all."""
    collections = [sets.Set(f"s{number}", "", "", {f"q-{i}": "" for i in range(size)},
                            {f"q-{i}": {"a": 1} for i in range(size)}, "-")
                   for number, size in enumerate(sizes)]
    figures = evaluate.Figures(collections, 200)
    for one in collections:
        last = list(one.queries)[-1]
        figures.add("old", one.name, {query: ["x", "a"] for query in one.queries})
        figures.add("new", one.name, {query: ["a"] for query in one.queries if query != last})
    figures.resample()
    return figures


class Figures(unittest.TestCase):
    def test_means_by_set_and_over_sets(self):
        cells = {(cell["set"], cell["setting"]): cell for cell in figures_of(2, 4).cells()
                 if cell["measure"] == "MRR@10"}
        self.assertEqual(cells["s0", "old"]["mean"], 0.5)
        self.assertEqual(cells["s0", "new"]["mean"], 0.5)
        self.assertEqual(cells["s1", "new"]["mean"], 0.75)
        self.assertEqual(cells[evaluate.MEAN, "new"]["mean"], 0.625)  # not 4 of 6
        self.assertEqual(cells[evaluate.MEAN, "new"]["queries"], 6)
        self.assertEqual((cells["s1", "old"]["low"], cells["s1", "old"]["high"]), (0.5, 0.5))

    def test_two_settings(self):
        told = {one["set"]: one for one in figures_of(2, 4).compare("old", "new", ("MRR@10",))}
        self.assertEqual((told["s1"]["better"], told["s1"]["worse"], told["s1"]["same"]), (3, 1, 0))
        self.assertEqual(told["s1"]["difference"], 0.25)
        self.assertEqual(told["s0"]["p"], 1.0)
        self.assertEqual(told["s1"]["p"], 10 / 16)  # all alike, three up: 1 + 4 of 16, twice
        self.assertEqual(told[evaluate.MEAN]["difference"], 0.125)

    def test_what_moved_most(self):
        gained, lost = figures_of(2, 4).moved("old", "new", 2)
        self.assertEqual(gained, [("s0", "q-0"), ("s1", "q-0")])
        self.assertEqual(sorted(lost), [("s0", "q-1"), ("s1", "q-3")])

    def test_a_set_without_a_run_is_left_out(self):
        figures = figures_of(2, 4)
        figures.add("run", "s1", {"q-0": ["a"]})
        figures.resample()
        self.assertEqual([cell["set"] for cell in figures.cells()
                          if cell["setting"] == "run" and cell["measure"] == "MRR@10"], ["s1"])
        self.assertEqual([one["set"] for one in figures.compare("old", "run", ("MRR@10",))],
                         ["s1"])
        self.assertIn("| - |", report.measure_table(figures.cells(), ["old", "run"], "MRR@10"))

    def test_losses_against_the_form_of_the_text(self):
        one = sets.Set("s", "", "", {"k-1": "", "k_base-1": ""},
                       {"k-1": {"a": 1}, "k_base-1": {"a": 1}}, "-")
        figures = evaluate.Figures([one], 10)
        figures.add("old", "s", {"k-1": ["x", "a"], "k_base-1": ["a"]})
        figures.resample()
        self.assertEqual([(loss["class"], loss["loss"]) for loss in figures.losses("MRR@10")],
                         [("k", 0.5)])

    def test_the_groups_of_a_set(self):
        one = sets.Set("s", "", "", {"a-1": "", "b-1": ""}, {}, "-")
        self.assertEqual(evaluate.groups_of([one]), [("s", "ALL", ["a-1", "b-1"]),
                                                     ("s", "a", ["a-1"]), ("s", "b", ["b-1"])])


class Settings(unittest.TestCase):
    def test_a_setting_of_the_command_line(self):
        one = settings.parse_setting("k | --x 1 | -n '2 3' | A=b C=")
        self.assertEqual((one.name, one.index, one.search, one.environment),
                         ("k", ("--x", "1"), ("-n", "2 3"), {"A": "b", "C": ""}))
        self.assertEqual(settings.parse_setting("k").search, ())
        with self.assertRaises(Failed):
            settings.parse_setting("| --x")

    def test_a_run(self):
        self.assertEqual(settings.parse_run("peer=a=b.run").run, "a=b.run")
        with self.assertRaises(Failed):
            settings.parse_run("b.run")

    def test_the_pair(self):
        there = [settings.Setting(name, "") for name in ("words", "bare", "best", "peer")]
        self.assertEqual(quality.choose_pair(there, None), ("bare", "best"))
        self.assertEqual(quality.choose_pair(there[2:], None), ("best", "peer"))
        self.assertEqual(quality.choose_pair(there, ["peer", "best"]), ("peer", "best"))
        with self.assertRaises(Failed):
            quality.choose_pair(there, ["peer", "other"])


class Explanations(unittest.TestCase):
    """With a program that is made up, for what it is asked is the matter."""

    def explain(self, help_text, setting):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(write(folder, {"lupe": f"""#!/bin/sh
case "$2" in --help) echo '{help_text}'; exit;; esac
case "$1" in index) : > "$3";; *) shift 3; printf '\\033[1m%s\\033[0m\\n' "$*"; exit 1;; esac
""", "docs.jsonl": '{"id":"a"}\n'}), "lupe")
            os.chmod(path, 0o755)
            one = sets.Set("s", folder, os.path.join(folder, "docs.jsonl"), {"q": '-nicht "das"'},
                           {"q": {"a": 1}}, "-")
            engine = runs.Engine(settings.Programs(path, path), os.path.join(folder, "made"))
            return engine.explain(setting, one, "q", 2)

    def test_the_tool_is_asked_with_the_options_of_the_setting(self):
        best = settings.Setting("best", "", search=("--k1", "2"))
        self.assertEqual(self.explain("--explain  how a score came about", best),
                         "--explain -n 2 --k1 2 -- nicht das")

    def test_nothing_is_asked_that_is_not_known(self):
        best = settings.Setting("best", "")
        self.assertEqual(self.explain("--explaining", best), "")
        self.assertEqual(self.explain("--explain", best._replace(program="lupe-bench")), "")


@unittest.skipUnless(all(map(os.path.exists, PROGRAMS)), "the programs are not built")
class Whole(unittest.TestCase):
    def run_on_sample(self, *given):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "all.json")
            output = io.StringIO()
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
                quality.main([SAMPLE, "--lupe", PROGRAMS[0], "--bench", PROGRAMS[1], "--folder",
                              os.path.join(folder, "made"), "--json", file, "--save-runs",
                              os.path.join(folder, "runs"), *given])
            self.assertEqual(os.listdir(os.path.join(folder, "made")), [])
            with open(file, encoding="utf-8") as text:
                return output.getvalue(), json.load(text)

    def test_the_sample(self):
        page, result = self.run_on_sample("--setting", "odd | --no-such-option")
        values = {(cell["class"], cell["setting"]): cell["mean"] for cell in result["cells"]
                  if cell["measure"] == "nDCG@10"}
        for name in ("words", "bare", "best"):  # the words of the text are found by all
            self.assertEqual(values["form_base", name], 1.0)
            self.assertEqual(values["teil_base", name], 1.0)
        self.assertLess(values["ALL", "words"], values["ALL", "bare"])
        self.assertLessEqual(values["ALL", "bare"], values["ALL", "best"])
        self.assertEqual(result["left_out"], ["odd (lupe does not know --no-such-option)"])
        self.assertIn("| sample | ALL | 24 |", page)
        self.assertIn("## bare → best, nDCG@10", page)

    def test_a_saved_run_is_worth_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            self.run_on_sample("--save-runs", folder, "--settings", "words,bare")
            _, result = self.run_on_sample("--settings", "words", "--run",
                                           "again=" + os.path.join(folder, "sample.words.run"),
                                           "--run", "bare=" + os.path.join(folder,
                                                                           "sample.bare.run"),
                                           "--compare", "words,bare")
        for query in result["queries"]:
            self.assertEqual(query["values"]["words"], query["values"]["again"])
        self.assertTrue(result["gained"])
        self.assertTrue(all(one["explanations"] == {"words": "", "bare": ""}
                            for one in result["gained"]))
        best = result["gained"][0]
        self.assertIsNone(best["relevant"][0]["ranks"]["words"])
        self.assertEqual(best["relevant"][0]["ranks"]["bare"], 1)
        self.assertTrue(best["relevant"][0]["text"])


if __name__ == "__main__":
    unittest.main()
