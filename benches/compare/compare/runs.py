"""Runs commands under a time limit, in turn, and gathers their records.

For each figure the implementations take turns, round after round, each round
beginning with the next one: whatever the machine does in the meantime hits them
all alike.
"""

import ctypes
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from .figures import FIGURES

PATIENCE = 20  # seconds; slower runs are made in two rounds only
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Makes this process the parent of launchers' daemons, so that none outlives its run."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants():
    """The ids of all processes below this one."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                continue  # it ended while we looked
            children.setdefault(parent, []).append(int(entry))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def sweep():
    """Ends what a run left behind and collects it."""
    for _ in range(200):
        left = descendants()
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        if left:
            time.sleep(0.01)


class Failed(Exception):
    """A run that did not end well; the text says how, and `output` is what it had printed by then."""

    def __init__(self, reason, output=""):
        super().__init__(reason)
        self.output = output


def run(words, variables, timeout):
    """Runs one command to its end; returns its standard output and its seconds."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.monotonic()
        process = subprocess.Popen(
            words, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
        try:
            code = process.wait(timeout)
            seconds = time.monotonic() - start
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.returncode is None:
                for child in descendants():
                    try:
                        os.kill(child, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                process.wait()
            sweep()
        out.seek(0)
        err.seek(0)
        text, complaint = out.read(), err.read()
        if code is None:
            raise Failed(f"no end within {timeout} s", text)
        if code:
            # Records and the launchers' banners say nothing of the reason.
            lines = [line for line in (complaint + text).splitlines() if line.strip(" =-") and line[0] not in "{="]
            raise Failed(f"exit code {code}: {' / '.join(lines[:3])[:300]}", text)
        return text, seconds


def records_in(text):
    """The JSON records among the lines of a program's output."""
    found = []
    for line in text.splitlines():
        if line.startswith('{"figure"'):
            found.append(json.loads(line))
    return found


def loopback_traffic():
    """Packets and bytes that the loopback interface has carried."""
    with open("/proc/net/dev") as devices:
        for line in devices:
            if line.strip().startswith("lo:"):
                fields = line.split(":", 1)[1].split()
                return int(fields[9]), int(fields[8])
    return 0, 0


def check_traffic(records, before):
    """Refuses figures of TCP whose messages the kernel's network never saw."""
    packets, octets = (now - then for now, then in zip(loopback_traffic(), before))
    least_packets = sum(record["samples"] for record in records)
    least_octets = sum(record["samples"] * record["size"] for record in records)
    if packets < least_packets or octets < least_octets:
        raise Failed(
            f"it did not use TCP: the loopback interface carried {packets} packets with {octets} B, "
            f"and its samples need more than {least_packets} with {least_octets} B"
        )


class Comparison:
    """Measures figures on implementations, and keeps every sample."""

    def __init__(self, implementations, options, cpus):
        self.implementations, self.options, self.cpus = implementations, options, cpus
        self.samples = {}  # (figure, size, implementation) -> the records of all rounds
        self.failures = {}  # (figure, implementation) -> text
        self.facts = {}  # (figure) -> the Figure, for records that have other names

    def measure(self, figure):
        """All rounds of one figure."""
        takers = [name for name in self.options.order if name in figure.implementations]
        if figure.raw and "raw" in self.implementations:
            takers.insert(0, "raw")
        turns = {name: 0 for name in takers}
        slow = set()
        for number in range(self.options.rounds):
            shift = number % len(takers) if takers else 0
            for name in takers[shift:] + takers[:shift]:
                if (figure.name, name) in self.failures and turns[name] != 0:
                    continue  # it failed in an earlier round; once more in the same way tells nothing
                if name in slow and turns[name] >= 2:
                    continue
                start = time.monotonic()
                self.once(figure, name)
                turns[name] += 1
                if time.monotonic() - start > PATIENCE:
                    slow.add(name)
        took = " ".join(f"{name}" + (" (failed)" if (figure.name, name) in self.failures else "") for name in takers)
        print(f"  {figure.name}: {took}", flush=True)

    def once(self, figure, name):
        """One run of one implementation."""
        implementation = self.implementations[name]
        if isinstance(implementation, str):
            self.failures[figure.name, name] = implementation.splitlines()[0].rstrip(":")
            return
        try:
            for record in self.records(figure, name, implementation):
                self.keep(figure, name, record)
        except Failed as failure:
            self.failures[figure.name, name] = str(failure)
            print(f"  {figure.name}: {name} failed: {failure}", file=sys.stderr, flush=True)

    def records(self, figure, name, implementation):
        """The records of one run."""
        options = self.options
        variables = implementation.variables(figure.transport, self.cpus)
        if name == "raw":
            cpus = ",".join(str(cpu) for cpu in self.cpus)
            words = [*implementation.program, *figure.raw_command_line(options.batches), "--cpus", cpus]
            found = records_in(run(words, variables, figure.timeout)[0])
            renamed = [dict(record, figure=figure.name, ranks=figure.ranks) for record in found]
            if figure.raw_as:
                name, size = figure.raw_as
                renamed = [dict(record, figure=name, size=size) for record in renamed]
            return renamed
        if not figure.subcommand:
            return [self.timed(figure, implementation, variables)]
        arguments = figure.command_line(options.quick, options.batches, name != "olympi")
        words = implementation.command(figure.ranks, figure.transport, figure.pinned, arguments)
        before = loopback_traffic()
        try:
            text = run(words, variables, figure.timeout)[0]
        except Failed as failure:
            # Of several collectives those count that were measured before; the failure is told beside them.
            text = failure.output if figure.together else ""
            if not records_in(text):
                raise
            self.failures[figure.name, name] = str(failure)
            print(f"  {figure.name}: {name} failed: {failure}", file=sys.stderr, flush=True)
        found = records_in(text)
        if not found:
            raise Failed("it printed no record")
        if figure.transport == "tcp":
            check_traffic(found, before)
        if not figure.records:
            return [dict(record, figure=figure.name) for record in found]
        return [
            dict(record, figure=figure.records[record["figure"]])
            for record in found
            if record["figure"] in figure.records
        ]

    def timed(self, figure, implementation, variables):
        """A whole job, timed from outside, as a record."""
        if figure.name == "launch_16":
            words = implementation.command(figure.ranks, "shm", False, [], ["/bin/true"])
        elif figure.name == "python_4":
            python = [implementation.program[0], "-c", "from mpi4py import MPI"]
            words = implementation.command(figure.ranks, "shm", False, [], python)
        else:
            words = implementation.command(figure.ranks, "shm", False, ["empty"])
        times = [run(words, variables, figure.timeout)[1] * 1e3 for _ in range(2 if self.options.quick else 4)]
        return {
            "figure": figure.name, "size": 0, "ranks": figure.ranks, "unit": "ms",
            "median": statistics.median(times), "p02": min(times), "max": max(times), "samples": len(times),
        }

    def keep(self, figure, name, record):
        """Files one record."""
        self.facts[record["figure"]] = figure
        self.samples.setdefault((record["figure"], record["size"], name), []).append(record)

    def results(self):
        """The list that compare.json holds: medians over the rounds, and failures."""
        listed = []
        for (figure, size, name), records in self.samples.items():
            # A round that could take only few samples was disturbed; the others speak.
            most = max(record["samples"] for record in records)
            records = [record for record in records if record["samples"] * 10 >= most]
            better = self.facts[figure].better
            rounds = [record["p02"] for record in records]
            listed.append({
                "figure": figure, "size": size, "ranks": records[0]["ranks"],
                "transport": self.facts[figure].transport, "implementation": name,
                "median": statistics.median(record["median"] for record in records),
                "p02": statistics.median(rounds),
                "unit": records[0]["unit"],
                "best": max(rounds) if better == "higher" else min(rounds),
                "rounds": rounds,
            })
        for (figure, name), reason in self.failures.items():
            fact = next(known for known in FIGURES if known.name == figure)
            listed.append({
                "figure": figure, "size": None, "ranks": fact.ranks, "transport": fact.transport,
                "implementation": name, "median": None, "p02": None, "unit": fact.unit, "error": reason,
            })
        order = {figure.name: index for index, figure in enumerate(FIGURES)}
        place = lambda record: (
            order.get(record["figure"], order.get(record["figure"].rsplit("_", 1)[0], len(order))),
            record["figure"], record["size"] is None, record["size"] or 0,
        )
        return sorted(listed, key=place)
