"""Olympi over RDMA beside the bare device, in the virtual machine of ci/rdma-vm.

There: perftest (raw verbs), Olympi over verbs, and Olympi and MPICH over TCP between the machine's two hosts, in turns,
round after round. fi_pingpong finds its peer by the address of a device, and between two addresses of one kernel that is
a device with itself, which spares the packets the way over the cable: so Olympi runs on one device, too, beside it. Then
libfabric's tcp provider by fi_pingpong and by Olympi. Emulated time is noisy: what counts is the best of the rounds, each
of which is a low percentile or a typical value.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from .figures import COLLECTIVES, which
from .table import human

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
PINGPONG_SIZES = (64, 1024, 4096, 65536, 1048576)
RATES = ("bandwidth", "rate")  # of which more is better; of all others less


class Results:
    """(figure, size, implementation) -> a value a round; latencies in us, bandwidths in MB/s, rates in M/s."""

    def __init__(self):
        self.rounds = {}

    def add(self, figure, size, implementation, value):
        self.rounds.setdefault((figure, size, implementation), []).append(value)

    def best(self, figure, size, implementation):
        values = self.rounds.get((figure, size, implementation))
        if not values:
            return None
        return max(values) if figure in RATES else min(values)

    def records(self):
        return [{"figure": figure, "size": size, "implementation": who, "best": self.best(figure, size, who),
                 "rounds": values} for (figure, size, who), values in sorted(self.rounds.items())]


def start(command, **more):
    """A process in a group of its own, so that it ends with what it started: a program that was left behind on one of
    the hosts takes a CPU from all that is measured after it."""
    return subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL, start_new_session=True, **more)


def stop(process):
    """Ends the process and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def run(command, seconds=90):
    """The output of a command; what fails or takes too long gives none, and says so."""
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        stop(process)
        print(f"no result within {seconds} s: {command}", file=sys.stderr)
        return ""
    if process.returncode != 0:
        print(f"exit code {process.returncode}: {command}\n{err.strip()[-400:]}", file=sys.stderr)
    return out


def beside_a_server(server, client):
    """The output of a client while its server runs."""
    process = start(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    text = run(client, 60)
    stop(process)
    return text


def perftest(tool, arguments):
    """The numbers of perftest's last line: tool between the two hosts."""
    text = beside_a_server(["on-host", "r1", tool, "-d", "rxe0", "-x", "1", *arguments],
                           ["on-host", "r2", tool, "-d", "rxe1", "-x", "1", *arguments, "10.67.0.1"])
    lines = [line.split() for line in text.splitlines() if re.fullmatch(r"\s*\d+(\s+[\d.]+)+\s*", line)]
    return [float(word) for word in lines[-1]] if lines else []


def pingpong(provider, size, address, server_options=(), iterations=200):
    """Half a round trip as fi_pingpong tells it, in us."""
    options = ["fi_pingpong", "-p", provider, "-e", "msg", "-I", str(iterations), "-S", str(size)]
    text = beside_a_server([*options, *server_options], [*options, address])
    found = [line.split() for line in text.splitlines() if line[:1].isdigit()]
    return float(found[-1][-2]) if found else None


def records(command, seconds=90):
    """What olympi-bench, or its twin for other implementations, prints: a record a line."""
    return [json.loads(line) for line in run(command, seconds).splitlines() if line.startswith("{")]


def bench(results, implementation, figure, words, settings, program=None, spread=("spread",)):
    """The records of one figure (or several, by the records' names) between the two hosts, by Olympi's own program or
    another's."""
    folder = os.environ["OLYMPI_BIN"]
    command = ["env", *settings, f"{folder}/mpiexec", "-n", "2", *spread, program or f"{folder}/olympi-bench", *words]
    for record in records(command, 120):
        # In GB/s there, of 1e9; perftest tells MB/s, of 2^20.
        scale = 1e9 / (1 << 20) if record["unit"] == "GB/s" else 1
        value = record["p02"] if record["unit"] == "us" else record["median"]
        results.add(figure or record["figure"], record["size"], implementation, value * scale)


def mpich(results, words, figure=None):
    """The same of an MPICH program over TCP between the hosts, where there is one."""
    if program := os.environ.get("MPICH_BENCH"):
        # Our mpiexec tells it that all ranks share a host; here they do not. Debian builds it on UCX, whose datagrams
        # over Soft-RoCE time out in this machine.
        settings = ["MPIR_CVAR_NOLOCAL=1", "FI_PROVIDER=tcp", "UCX_TLS=tcp,self"]
        bench(results, "mpich over tcp", figure, words, settings, program)


def inside(rounds):
    """In the virtual machine: measures, and leaves /out/rdma.json."""
    results = Results()
    sizes = ",".join(["8", *map(str, PINGPONG_SIZES)])
    # One message a batch: what perftest calls typical is a single one, too.
    latency = ["latency", "--sizes", sizes, "--batch-time", "0.01", "--batches", "300", "--limit", "1500"]
    bandwidth = ["bandwidth", "--sizes", "1M,4M", "--batches", "8", "--limit", "2500"]
    rate = ["rate", "--batches", "40", "--limit", "1500"]
    collectives = ["collectives", *which(1 << 20), "--batch-time", "1", "--batches", "60", "--limit", "600"]
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
        for size in (8, *PINGPONG_SIZES):
            if numbers := perftest("ib_send_lat", ["-n", "500" if size < 65536 else "20", "-s", str(size)]):
                results.add("latency", size, "perftest", numbers[4])
        bench(results, "olympi", "latency", latency, ["OLYMPI_TRANSPORTS=verbs"])
        one_device = ["OLYMPI_TRANSPORTS=verbs", "OLYMPI_VERBS_DEVICE=rxe0"]
        bench(results, "olympi, one device", "latency", latency, one_device, spread=())
        for size in PINGPONG_SIZES:
            if (value := pingpong("verbs", size, "10.66.0.1", iterations=200 if size < 65536 else 20)) is not None:
                results.add("latency", size, "fi_pingpong", value)
        for size in (1 << 20, 4 << 20):
            for tool in ("ib_read_bw", "ib_write_bw"):
                if numbers := perftest(tool, ["-n", "20", "-s", str(size)]):
                    results.add("bandwidth", size, tool, numbers[3])
        bench(results, "olympi", "bandwidth", bandwidth, ["OLYMPI_TRANSPORTS=verbs"])
        if numbers := perftest("ib_send_bw", ["-n", "5000", "-s", "8", "-t", "64", "-r", "64"]):
            results.add("rate", 8, "perftest", numbers[-1])
        bench(results, "olympi", "rate", rate, ["OLYMPI_TRANSPORTS=verbs"])
        bench(results, "olympi over tcp", "latency", latency, ["OLYMPI_TRANSPORTS=tcp"])
        mpich(results, latency, "latency")
        mpich(results, bandwidth, "bandwidth")
        bench(results, "olympi", None, collectives, ["OLYMPI_TRANSPORTS=verbs"])
        bench(results, "olympi over tcp", None, collectives, ["OLYMPI_TRANSPORTS=tcp"])
        mpich(results, collectives)
    command = ["env", "OLYMPI_TRANSPORTS=verbs", f"{os.environ['OLYMPI_BIN']}/mpiexec", "-n", "10", "spread",
               f"{os.environ['OLYMPI_BIN']}/olympi-bench", "pinned"]
    for record in records(command):
        results.add("pinned", 0, "olympi", record["p02"])
    Path("/out/rdma.json").write_text(json.dumps(results.records(), indent=1))


def natively(results, rounds):
    """libfabric's tcp provider needs no device: on this machine itself, by fi_pingpong and by Olympi in turns."""
    command = ["env", "OLYMPI_TRANSPORTS=ofi", "OLYMPI_OFI_PROVIDER=tcp", f"{os.environ['OLYMPI_BIN']}/mpiexec",
               "-n", "2", "--bind-to", "core", f"{os.environ['OLYMPI_BIN']}/olympi-bench", "latency", "--sizes", "64"]
    for _ in range(rounds):
        if (value := pingpong("tcp", 64, "127.0.0.1", iterations=20000)) is not None:
            results.add("ofi_tcp_latency", 64, "fi_pingpong", value)
        for record in records(command):
            results.add("ofi_tcp_latency", 64, "olympi", record["median"])


def goals(records):
    """The goals, each with its limit, what was measured, and whether it is met; what is missing is not met."""
    best = {(r["figure"], r["size"], r["implementation"]): r["best"] for r in records}

    def ratio(ours, *theirs, least=False):
        values = [best[key] for key in theirs if best.get(key)]
        if not best.get(ours) or not values:
            return None
        return best[ours] / (min(values) if least else max(values))

    rows = [("8 B half round trip / ib_send_lat", 1.15, True,
             ratio(("latency", 8, "olympi"), ("latency", 8, "perftest")))]
    for size, name in ((1 << 20, "1 MiB"), (4 << 20, "4 MiB")):
        rows.append((f"bandwidth {name} / the better of ib_read_bw, ib_write_bw", 0.95, False,
                     ratio(("bandwidth", size, "olympi"), ("bandwidth", size, "ib_read_bw"),
                           ("bandwidth", size, "ib_write_bw"))))
    rows.append(("8 B message rate / ib_send_bw", 0.9, False, ratio(("rate", 8, "olympi"), ("rate", 8, "perftest"))))
    for size in PINGPONG_SIZES:
        rows.append((f"{size} B half round trip on one device / fi_pingpong", 1.0, True,
                     ratio(("latency", size, "olympi, one device"), ("latency", size, "fi_pingpong"))))
        rows.append((f"{size} B half round trip / the best MPI over TCP", 1.0, True,
                     ratio(("latency", size, "olympi"), ("latency", size, "mpich over tcp"), least=True)))
    for collective, sizes in COLLECTIVES.items():
        for size in sizes:
            name = f"{collective} {human(size)}" if size else collective
            rows.append((f"{name} over verbs / the best MPI over TCP", 1.0, True,
                         ratio((collective, size, "olympi"), (collective, size, "mpich over tcp"), least=True)))
            rows.append((f"{name} over TCP / the best MPI over TCP", 1.0, True,
                         ratio((collective, size, "olympi over tcp"), (collective, size, "mpich over tcp"), least=True)))
    rows.append(("libfabric tcp, 64 B / fi_pingpong", 1.1, True,
                 ratio(("ofi_tcp_latency", 64, "olympi"), ("ofi_tcp_latency", 64, "fi_pingpong"))))
    rows.append(("pinned memory a silent peer, KiB", 24, True, best.get(("pinned", 0, "olympi"))))
    return [(name, limit, below, value, value is not None and (value <= limit if below else value >= limit))
            for name, limit, below, value in rows]


def bare_device(records):
    """A row a size: what the device itself takes beside MPI over TCP, and Olympi beside the device. Where the first is
    above 1 nothing that uses the device can be ahead of TCP."""
    best = {(r["size"], r["implementation"]): r["best"] for r in records if r["figure"] == "latency"}
    rows = []
    for size in PINGPONG_SIZES:
        device, tcp, ours = (best.get((size, who)) for who in ("perftest", "mpich over tcp", "olympi"))
        if device and tcp and ours:
            rows.append(f"| {human(size)} | {device / tcp:.3g} | {ours / device:.3g} |")
    return rows


def table(records):
    """All of it, for a person."""
    units = {"latency": "us", "ofi_tcp_latency": "us", "bandwidth": "MB/s", "rate": "M/s", "pinned": "KiB"}
    units |= dict.fromkeys(COLLECTIVES, "us")
    lines = ["| figure | size | who | best | all rounds |", "|---|---|---|---|---|"]
    for r in records:
        rounds = ", ".join(f"{value:.4g}" for value in r["rounds"])
        lines.append(f"| {r['figure']}, {units[r['figure']]} | {r['size']} | {r['implementation']} | {r['best']:.4g} | {rounds} |")
    lines += ["", "| goal | limit | measured | |", "|---|---|---|---|"]
    for name, limit, below, value, met in goals(records):
        shown = "not measured" if value is None else f"{value:.3g}"
        lines.append(f"| {name} | {'at most' if below else 'at least'} {limit} | {shown} | {'met' if met else '**not met**'} |")
    lines += ["", "| bare device | ib_send_lat / the best MPI over TCP | Olympi / ib_send_lat |", "|---|---|---|",
              *bare_device(records)]
    return "\n".join(lines) + "\n"


def outside(out, rounds, olympi):
    """Builds, measures in the virtual machine, and writes OUT/rdma.json and OUT/rdma.md."""
    vm = REPOSITORY / "ci" / "rdma-vm"
    check = subprocess.run([vm, "--check"], capture_output=True, text=True)
    if check.returncode != 0:
        print(check.stderr.strip(), file=sys.stderr)
        return 1
    out.mkdir(parents=True, exist_ok=True)
    if olympi is None:
        subprocess.run(["cargo", "build", "--release", "-p", "olympi-bench", "-p", "olympi-mpiexec"], cwd=REPOSITORY,
                       check=True)
        olympi = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "release"
    os.environ["OLYMPI_BIN"] = str(Path(olympi).resolve())
    program = out / "bench-mpich"
    # The headers' arrays of no elements look too short to the compiler.
    compiler = ["mpicc.mpich", "-O2", "-Wno-stringop-overflow", "-o", str(program), str(HERE.parent / "bench.c"), "-lm"]
    try:
        subprocess.run(compiler, check=True)
        os.environ["MPICH_BENCH"] = str(program.resolve())
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"MPICH is left out: {error} (Debian: libmpich-dev)", file=sys.stderr)
    command = [vm, "-H", "-t", "1800", "-o", str(out), "-e", "OLYMPI_BIN", "-e", "MPICH_BENCH",
               f"python3 {HERE.parent / 'run'} --rdma-inside {rounds}"]
    code = subprocess.run(command, cwd=REPOSITORY).returncode
    if code != 0:
        return code
    here = Results()
    natively(here, rounds)
    records = json.loads((out / "rdma.json").read_text()) + here.records()
    (out / "rdma.json").write_text(json.dumps(records, indent=1))
    text = table(records)
    (out / "rdma.md").write_text(text)
    print(text)
    return 0
