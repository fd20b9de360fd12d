"""The command line: prepare, measure, write the table, the JSON and the plots."""

import argparse
import json
import os
import platform
import shutil
import signal
import time
from pathlib import Path

from . import goals, plot, rdma, table
from .figures import BY_NAME, FIGURES, GROUPS
from .peers import REPOSITORY, Unavailable, Workshop, everyone
from .runs import Comparison, adopt_orphans


def names(known, what, groups={}):
    """An argument type: comma-separated names out of `known`, or of groups of them."""

    def parse(text):
        chosen = [one for name in text.split(",") if name for one in groups.get(name, [name])]
        wrong = [name for name in chosen if name not in known]
        if wrong or not chosen:
            raise argparse.ArgumentTypeError(f"no {what} {', '.join(wrong)}; there are {', '.join([*known, *groups])}")
        return chosen

    return parse


def options():
    """Reads the command line."""
    all_names = list(everyone())
    parser = argparse.ArgumentParser(prog="benches/compare/run", description=__doc__)
    parser.add_argument("--figures", type=names(list(BY_NAME), "figure", GROUPS), default=list(BY_NAME),
                        help="measure only these, separated by commas")
    parser.add_argument("--implementations", type=names(all_names, "implementation"), default=None,
                        help="measure only these, separated by commas")
    parser.add_argument("--rounds", type=int, help="turns of each implementation (default 5; 2 with --quick)")
    parser.add_argument("--quick", action="store_true", help="fewer sizes, shorter runs, no variants of peers")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "target" / "compare", help="where results go")
    parser.add_argument("--venvs", type=Path, help="where the peers' virtual environments are (default OUT/venv)")
    parser.add_argument("--olympi", type=Path, metavar="DIR",
                        help="measure the mpiexec and olympi-bench of this folder instead of building them")
    parser.add_argument("--cpus", help="the two CPUs of pinned ranks, as 0,1 (default: the first two allowed)")
    parser.add_argument("--list", action="store_true", help="list the figures and implementations, and stop")
    parser.add_argument("--rdma", action="store_true",
                        help="measure over RDMA instead, in the virtual machine of ci/rdma-vm (see README.md)")
    parser.add_argument("--rdma-inside", type=int, metavar="ROUNDS", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    chosen.out = chosen.out.resolve()
    chosen.venvs = (chosen.venvs or chosen.out / "venv").resolve()
    chosen.rounds = chosen.rounds or (2 if chosen.quick else 5)
    if chosen.implementations is None:
        chosen.implementations = [name for name in all_names if not chosen.quick or not name.endswith("-ucx")]
    chosen.order = [name for name in chosen.implementations if name != "raw"]
    chosen.batches = ["--batches", "100", "--batch-time", "0.5", "--limit", "300"] if chosen.quick else ["--batches", "200", "--batch-time", "0.5", "--limit", "600"]
    allowed = sorted(os.sched_getaffinity(0))
    chosen.pinned_cpus = [int(cpu) for cpu in chosen.cpus.split(",")] if chosen.cpus else allowed[:2]
    if len(chosen.pinned_cpus) != 2:
        parser.error(f"two CPUs are needed to pin two ranks, and this process may use {allowed}")
    return chosen


def prepare(chosen):
    """The implementations that the figures need: ready ones, or the reason why not."""
    known, ready = everyone(), {}
    workshop = Workshop(chosen.out, chosen.venvs, shutil.which("cc") or "gcc", chosen.olympi)
    needed = {name for figure in chosen.figures for name in BY_NAME[figure].implementations}
    if any(BY_NAME[figure].raw for figure in chosen.figures):
        needed.add("raw")
    for name in chosen.implementations:
        if name not in needed:
            continue
        try:
            workshop.prepare(known[name])
            ready[name] = known[name]
        except Unavailable as reason:
            ready[name] = f"not available: {reason}"
            print(f"\n!!! {name} IS NOT MEASURED: {reason}\n", flush=True)
    return ready


def machine(chosen, before, seconds):
    """What a reader must know of the run to judge its figures."""
    model = "unknown CPU"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {
        "cpu": model, "cpus": os.cpu_count(), "pinned_to": chosen.pinned_cpus, "kernel": platform.release(),
        "rounds": chosen.rounds, "quick": chosen.quick, "seconds": round(seconds),
        "load_before": before, "load_after": [round(load, 2) for load in os.getloadavg()],
        "time": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
        "versions": {peer.name: f"{peer.package} {peer.version}" for peer in everyone().values() if peer.package},
    }


def interrupt(*_):
    """Ends the measuring, not the reporting."""
    raise KeyboardInterrupt


def main():
    """Runs the comparison; returns the exit code."""
    chosen = options()
    if chosen.list:
        for figure in FIGURES:
            print(f"{figure.name:22} {figure.title} ({figure.unit})\n{'':22}   {', '.join(figure.implementations)}")
        return 0
    if chosen.rdma:
        return rdma.outside(chosen.out, chosen.rounds, chosen.olympi)
    if chosen.rdma_inside:
        rdma.inside(chosen.rdma_inside)
        return 0
    chosen.out.mkdir(parents=True, exist_ok=True)
    adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    ready = prepare(chosen)
    before = [round(load, 2) for load in os.getloadavg()]
    print(f"measuring {len(chosen.figures)} figures in {chosen.rounds} rounds", flush=True)
    comparison, start = Comparison(ready, chosen, chosen.pinned_cpus), time.monotonic()
    try:
        for name in chosen.figures:
            comparison.measure(BY_NAME[name])
    except KeyboardInterrupt:
        print("interrupted: what has been measured so far is written")
    facts = machine(chosen, before, time.monotonic() - start)

    results = comparison.results()
    (chosen.out / "compare.json").write_text(json.dumps(results, indent=1) + "\n")
    (chosen.out / "machine.json").write_text(json.dumps(facts, indent=1) + "\n")
    # Everything shown from here on is read back from the file that stays.
    results = json.loads((chosen.out / "compare.json").read_text())
    text = table.render(results, facts) + "\n" + goals.render(results)
    (chosen.out / "table.md").write_text(text)
    drawn = plot.draw_all(results, facts, chosen.out)
    print("\n" + text)
    print(f"written to {chosen.out}: compare.json, machine.json, table.md, {', '.join(drawn)}")
    return 0
