"""Checks of the runner that need no MPI: python3 -m unittest discover benches/compare"""

import sys
import tempfile
import unittest
import xml.dom.minidom
from argparse import Namespace
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from compare import goals, plot, runs, table  # noqa: E402
from compare.figures import BY_NAME, BULK, FIGURES  # noqa: E402
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
