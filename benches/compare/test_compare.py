"""Checks of the runner that need no MPI: python3 -m unittest discover benches/compare"""

import dataclasses
import sys
import tempfile
import unittest
import xml.dom.minidom
from argparse import Namespace
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from compare import goals, main, peers, plot, runs, table  # noqa: E402
from compare.figures import BULK, BY_NAME, COLLECTIVES, FIGURES, GROUPS  # noqa: E402
from compare.peers import everyone  # noqa: E402

FACTS = {
    "time": "now", "cpu": "a CPU", "cpus": 2, "kernel": "6", "pinned_to": [0, 1], "rounds": 2, "seconds": 1,
    "load_before": [0.0], "load_after": [0.0], "quick": False,
}


def record(figure, size, name, p02, unit="us", median=None):
    """One line of compare.json."""
    return {
        "figure": figure, "size": size, "ranks": 2, "transport": "shm", "implementation": name,
        "p02": p02, "median": median or p02, "unit": unit, "best": p02, "rounds": [p02], "samples": 200,
    }


class Goals(unittest.TestCase):
    def verdict(self, name, results):
        return next(judged for judged in goals.judge(results) if judged[0].startswith(name))

    def test_latency_is_held_against_the_fastest_peer(self):
        results = [record("shm_latency", 8, name, value) for name, value in
                   [("olympi", 0.06), ("mpich", 0.9), ("openmpi", 0.1), ("intel", 0.12), ("raw", 0.05)]]
        judged = self.verdict("shm 8 B half round trip / best peer", results)
        self.assertAlmostEqual(judged[2], 0.6)
        self.assertTrue(judged[5])
        results[0]["p02"] = 0.07
        self.assertIs(self.verdict("shm 8 B half round trip / best peer", results)[5], False)

    def test_a_rate_is_held_against_the_highest(self):
        results = [record("shm_rate", 8, name, value, "M/s") for name, value in
                   [("olympi", 30.0), ("mpich", 1.0), ("mpich-ucx", 15.0)]]
        judged = self.verdict("shm 8 B message rate", results)
        self.assertAlmostEqual(judged[2], 2.0)
        self.assertIs(judged[5], False)

    def test_bandwidth_is_judged_at_its_worst_size(self):
        results = [record("shm_bandwidth", size, "olympi", 11.0, "GB/s") for size in BULK]
        results += [record("shm_bandwidth", size, "intel", 20.0 if size == 1 << 20 else 10.0, "GB/s") for size in BULK]
        judged = self.verdict("shm bandwidth", results)
        self.assertAlmostEqual(judged[2], 0.55)
        self.assertIn("1024 KiB", judged[4])

    def test_what_is_missing_is_named_and_not_met(self):
        for judged in goals.judge([]):
            self.assertIsNone(judged[5])
        self.assertIn("0 of", goals.render([]))

    def test_the_token_is_compared_at_its_own_number_of_laps(self):
        results = [record("token_16", 100, "olympi", 10.0, "ms"), record("token_16", 100, "mpich", 100.0, "ms")]
        self.assertAlmostEqual(self.verdict("token round 16 ranks / MPICH", results)[2], 0.1)


    def test_collectives_are_judged_by_their_worst(self):
        def all_of(figure, name, value, **other):
            return [
                record(f"{figure}_{collective}", size, name, other.get(collective, value))
                for collective, sizes in COLLECTIVES.items() for size in sizes
            ]

        results = all_of("coll_16", "olympi", 2.0) + all_of("coll_16", "mpich", 50.0)
        results += all_of("coll_16", "openmpi", 20.0, alltoall=5.0) + all_of("coll_16", "intel", 2.5)
        judged = self.verdict("16 ranks on 2 CPUs, all of these / MPICH and Open MPI", results)
        self.assertAlmostEqual(judged[2], 0.4)
        self.assertIn("alltoall 1 KiB", judged[4])
        self.assertIn("openmpi", judged[4])
        self.assertIs(judged[5], False)
        judged = self.verdict("16 ranks on 2 CPUs, all of these / Intel MPI", results)
        self.assertAlmostEqual(judged[2], 0.8)
        self.assertIs(judged[5], True)
        # One that nobody has measured is left out; one that Olympi alone lacks is not.
        without = [r for r in results if r["size"] != 1 << 20]
        self.assertIs(self.verdict("16 ranks on 2 CPUs, all of these / Intel MPI", without)[5], True)
        lacking = [r for r in results if r["figure"] != "coll_16_barrier" or r["implementation"] != "olympi"]
        judged = self.verdict("16 ranks on 2 CPUs, all of these / Intel MPI", lacking)
        self.assertIsNone(judged[5])
        self.assertIn("no coll_16_barrier of olympi", judged[4])

    def test_packing_is_held_against_the_loop_of_the_same_run(self):
        results = [record("pack_column", 4096, "olympi", 40.0), record("pack_column_loop", 4096, "olympi", 30.0),
                   record("pack_column", 4096, "mpich", 45.0)]
        judged = self.verdict("packing a column / a loop by hand", results)
        self.assertAlmostEqual(judged[2], 0.75)
        self.assertIs(judged[5], True)
        self.assertAlmostEqual(self.verdict("packing a column / best peer", results)[2], 40 / 45)


class Collectives(unittest.TestCase):
    def test_the_command_line_names_each_with_its_sizes(self):
        line = BY_NAME["coll_2"].command_line(False, ["--batches", "9"], False)
        self.assertEqual(line, [
            "collectives", "--which", "barrier,bcast:8:65536:1048576,allreduce:8:65536:1048576,alltoall:1024",
            "--batches", "9", "--pinned",
        ])
        crowded = BY_NAME["coll_16"].command_line(True, ["--batches", "9"], False)
        self.assertIn("barrier,bcast:8:65536,allreduce:8:65536,alltoall:1024", crowded)
        self.assertNotIn("--pinned", crowded)
        self.assertIn("60", crowded)

    def test_a_group_is_its_figures(self):
        parse = main.names(list(BY_NAME), "figure", GROUPS)
        self.assertEqual(parse("coll_tcp,rss_16"), ["coll_tcp_2", "coll_tcp_4", "rss_16"])
        self.assertIn("coll_16", parse("coll"))

    def test_they_share_a_table_of_a_row_each(self):
        results = [record("coll_2_barrier", 0, "olympi", 1.0), record("coll_2_bcast", 65536, "olympi", 2.0),
                   record("coll_2_bcast", 8, "olympi", 3.0)]
        results.append(dict(record("coll_2", None, "intel", None), error="exit code 1: broken"))
        text = table.render(results, FACTS)
        self.assertEqual(text.count("### "), 1)
        rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
        self.assertEqual(rows, ["", "barrier", "bcast 8", "bcast 64 KiB"])
        self.assertIn("broken", text)

    def test_what_was_measured_before_a_failure_counts(self):
        figure = dataclasses.replace(BY_NAME["coll_16"], timeout=10)
        line = '{"figure":"barrier","size":0,"ranks":16,"median":2,"p02":1,"max":3,"unit":"us","samples":5}'
        shell = peers.Implementation("mpich", "MPICH", launcher="sh", program=())
        shell.command = lambda *_: ["sh", "-c", f"echo '{line}'; echo bad luck >&2; exit 4"]
        options = Namespace(quick=False, batches=[])
        comparison = runs.Comparison({"mpich": shell}, options, [0, 1])
        (found,) = comparison.records(figure, "mpich", shell)
        self.assertEqual((found["figure"], found["p02"]), ("coll_16_barrier", 1))
        self.assertIn("bad luck", comparison.failures["coll_16", "mpich"])


class Rounds(unittest.TestCase):
    def test_the_median_over_rounds_is_taken_of_each_statistic(self):
        comparison = runs.Comparison({}, Namespace(), [0, 1])
        for p02, median in [(1.0, 5.0), (3.0, 4.0), (2.0, 9.0)]:
            comparison.keep(BY_NAME["shm_latency"], "olympi", record("shm_latency", 8, "olympi", p02, median=median))
        (result,) = comparison.results()
        self.assertEqual((result["p02"], result["median"], result["best"]), (2.0, 5.0, 1.0))

    def test_a_round_of_few_samples_does_not_count(self):
        comparison = runs.Comparison({}, Namespace(), [0, 1])
        for p02, samples in [(1.0, 200), (90_000.0, 1), (90_000.0, 1)]:
            one = dict(record("shm_latency", 8, "olympi", p02), samples=samples)
            comparison.keep(BY_NAME["shm_latency"], "olympi", one)
        (result,) = comparison.results()
        self.assertEqual((result["p02"], result["rounds"]), (1.0, [1.0]))

    def test_a_failure_is_a_record(self):
        comparison = runs.Comparison({}, Namespace(), [0, 1])
        comparison.failures["shm_rate", "intel"] = "exit code 1: broken"
        (result,) = comparison.results()
        self.assertEqual((result["implementation"], result["p02"]), ("intel", None))
        self.assertIn("broken", table.render([result], FACTS))

    def test_other_lines_of_a_launcher_are_skipped(self):
        self.assertEqual(len(runs.records_in('warning\n{"figure":"latency","size":8}\n[0] bye\n')), 1)

    def test_a_run_that_does_not_end_is_ended_with_all_it_started(self):
        with self.assertRaises(runs.Failed):
            runs.run(["sh", "-c", "sleep 61 & sleep 62"], None, 0.5)
        self.assertEqual(runs.descendants(), [])

    def test_the_exit_code_and_the_first_words_of_a_failure_are_told(self):
        with self.assertRaisesRegex(runs.Failed, "exit code 3: no luck"):
            runs.run(["sh", "-c", "echo no luck >&2; exit 3"], None, 10)


class Pictures(unittest.TestCase):
    def test_every_figure_becomes_a_well_formed_picture(self):
        names = list(everyone())
        results = []
        for figure in FIGURES:
            for size in figure.sizes or (0,):
                results += [record(figure.name, size, name, 1.0 + size) for name in names]
        with tempfile.TemporaryDirectory() as folder:
            drawn = plot.draw_all(results, FACTS, Path(folder))
            for file in drawn:
                xml.dom.minidom.parse(str(Path(folder) / file))
        self.assertGreaterEqual(len(drawn), len(FIGURES) - 1)
        text = table.render(results, FACTS)
        for figure in FIGURES:
            self.assertIn(f"### {figure.name}:", text)


if __name__ == "__main__":
    runs.adopt_orphans()
    unittest.main()
