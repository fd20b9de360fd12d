"""Olympi's goals, judged by the records of compare.json and nothing else.

The 2nd best percentile decides, because it is what the code can do when nothing
else runs; what the medians would say stands beside it.
"""

from .figures import BULK, BY_NAME, COLLECTIVES, ONE_SIDED
from .peers import PEERS, PYTHON_PEERS
from .table import aligned, human, number


class Unmeasured(Exception):
    """A record that a goal needs is missing; the text names it."""


class Results:
    """The records, asked by figure, size and implementation, in one statistic."""

    def __init__(self, results, statistic):
        self.statistic = statistic
        self.records = {
            (r["figure"], r["size"], r["implementation"]): r for r in results if r["size"] is not None
        }

    def of(self, name, figure, size):
        """One value; Unmeasured if there is none."""
        record = self.records.get((figure, size, name))
        if record is None:
            raise Unmeasured(f"no {figure} of {name}" + (f" at {size:,}" if size else ""))
        return record[self.statistic]

    def best_peer(self, figure, size, higher=False):
        """The best value among the peers, and whose it is."""
        values = []
        for name in PEERS:
            if (figure, size, name) in self.records:
                values.append((self.of(name, figure, size), name))
        if not values:
            raise Unmeasured(f"no peer has a {figure}" + (f" at {size:,}" if size else ""))
        return max(values) if higher else min(values)

    def best_of(self, names, figure, size):
        """The least value among these implementations, and whose it is."""
        return min((self.of(name, figure, size), name) for name in names)

    def anyone(self, figure, size):
        """Whether anyone has been measured there."""
        return any(key[:2] == (figure, size) for key in self.records)

    def laps(self):
        """How often the token went round in this run."""
        for figure, size, name in self.records:
            if figure == "token_16" and name == "olympi":
                return size
        raise Unmeasured("no token_16 of olympi")


def against_peer(figure, size, higher=False):
    """Olympi's value over the best peer's."""

    def measure(results):
        mine = results.of("olympi", figure, size)
        best, name = results.best_peer(figure, size, higher)
        return mine / best, f"{number(mine)} beside {number(best)} ({name})"

    return measure


def against(name, figure, size):
    """Olympi's value over that of one implementation."""

    def measure(results):
        mine, other = results.of("olympi", figure, size), results.of(name, figure, size)
        return mine / other, f"{number(mine)} beside {number(other)} ({name})"

    return measure


def from_c(results):
    """What the C interface adds to a message, in nanoseconds."""
    c, rust = results.of("olympi-c", "shm_latency", 8), results.of("olympi", "shm_latency", 8)
    return (c - rust) * 1e3, f"{number(c)} beside {number(rust)} us from Rust"


def c_against_peer(results):
    """A message from C over that of the best peer."""
    mine = results.of("olympi-c", "shm_latency", 8)
    best, name = results.best_peer("shm_latency", 8)
    return mine / best, f"{number(mine)} beside {number(best)} ({name})"


def python_everywhere(figure):
    """The worst ratio of mpi4py on Olympi to mpi4py on the best peer, over all sizes that were measured."""

    def measure(results):
        worst = None
        for size in BY_NAME[figure].sizes or (0,):
            if not results.anyone(figure, size):
                continue  # a quick run has fewer sizes
            mine = results.of("mpi4py-olympi", figure, size)
            best, name = results.best_of(PYTHON_PEERS, figure, size)
            if worst is None or mine / best > worst[0]:
                worst = (mine / best, f"worst at {human(size)}: {number(mine)} beside {number(best)} ({name})")
        if worst is None:
            raise Unmeasured(f"no {figure}")
        return worst

    return measure


def python_start(results):
    """The start of Python programs over that with MPICH."""
    mine, other = (results.of(name, "python_4", 0) for name in ("mpi4py-olympi", "mpi4py"))
    return mine / other, f"{number(mine)} beside {number(other)} ms"


def bandwidth_everywhere(results):
    """The worst size's ratio to the best peer."""
    worst = None
    for size in BULK:
        try:
            ratio, text = against_peer("shm_bandwidth", size, True)(results)
        except Unmeasured:
            continue  # a quick run has fewer sizes
        if worst is None or ratio < worst[0]:
            worst = (ratio, f"worst at {size >> 10} KiB: {text}")
    if worst is None:
        raise Unmeasured("no shm_bandwidth of olympi and a peer")
    return worst


def collectives_everywhere(figure, peers=None, calls=COLLECTIVES, olympi="olympi"):
    """The worst ratio of Olympi's calls to the best of `peers` (those that were measured, if none are named)."""

    def measure(results):
        worst = None
        for call, sizes in calls.items():
            for size in sizes:
                record = f"{figure}_{call}"
                if not results.anyone(record, size):
                    continue  # a quick run has fewer sizes
                mine = results.of(olympi, record, size)
                best, name = results.best_of(peers, record, size) if peers else results.best_peer(record, size)
                if worst is None or mine / best > worst[0]:
                    what = f"{call} {human(size)}" if size else call
                    worst = (mine / best, f"worst is {what}: {number(mine)} beside {number(best)} ({name})")
        if worst is None:
            raise Unmeasured(f"no {figure}")
        return worst

    return measure


def one_sided_everywhere(figure):
    """The worst ratio of accesses from C on Olympi to the best peer."""
    return collectives_everywhere(figure, calls=ONE_SIDED, olympi="olympi-c")


def loop_over_pack(results):
    """The speed of packing a column over that of a loop written by hand."""
    loop, pack = results.of("olympi", "pack_column_loop", 4096), results.of("olympi", "pack_column", 4096)
    return loop / pack, f"{number(loop)} beside {number(pack)} us"


def depth(figure):
    """The cost at depth 10,000 over the cost at depth 1."""

    def measure(results):
        deep, shallow = results.of("olympi", figure, 10_000), results.of("olympi", figure, 1)
        return deep / shallow, f"{number(deep)} at 10,000 beside {number(shallow)} at 1"

    return measure


def object_path(results):
    """The object's half round trip over that of its parts done one by one."""
    whole, parts = (results.of("olympi", f"object_vec_f64_1e6{part}", 1_000_000) for part in ("", "_parts"))
    return whole / parts, f"{number(whole)} beside {number(parts)} us"


def token(judge):
    """The token's goal, for however many laps were run."""
    return lambda results: judge(results.laps())(results)


def value(figure, size):
    """The value itself, for a goal that is not a ratio."""

    def measure(results):
        mine = results.of("olympi", figure, size)
        return mine, number(mine)

    return measure


# What it is | what is computed | at most (or at least, or below) this
GOALS = (
    ("shm 8 B half round trip / best peer", against_peer("shm_latency", 8), "<=", 0.6),
    ("shm 8 B half round trip / raw cache-line ping-pong", against("raw", "shm_latency", 8), "<=", 2.0),
    ("shm 8 B message rate, window 64 / best peer", against_peer("shm_rate", 8, True), ">=", 2.5),
    ("shm bandwidth, 4 KiB to 4 MiB / best peer, worst size", bandwidth_everywhere, ">=", 1.0),
    ("TCP 8 B half round trip / raw socket ping-pong", against("raw", "tcp_latency", 8), "<=", 1.15),
    ("TCP 8 B half round trip / best peer", against_peer("tcp_latency", 8), "<", 1.0),
    ("TCP bandwidth 1 MiB / raw socket stream", against("raw", "tcp_bandwidth", 1 << 20), ">=", 0.9),
    ("match behind 10,000 posted receives / behind 1", depth("posted_depth"), "<=", 2.0),
    ("10,000 unexpected drained in reverse / 1", depth("unexpected_depth"), "<=", 2.0),
    ("object Vec<f64> of 1e6 / (encode + raw send + decode)", object_path, "<=", 1.2),
    ("2 ranks: barrier / best peer", against_peer("coll_2_barrier", 0), "<=", 0.8),
    ("2 ranks: bcast 8 B / best peer", against_peer("coll_2_bcast", 8), "<=", 0.8),
    ("2 ranks: allreduce 8 B / best peer", against_peer("coll_2_allreduce", 8), "<=", 0.8),
    ("2 ranks: allreduce 64 KiB / best peer", against_peer("coll_2_allreduce", 64 << 10), "<=", 1.0),
    ("2 ranks: allreduce 1 MiB / best peer", against_peer("coll_2_allreduce", 1 << 20), "<=", 1.0),
    ("2 ranks: bcast 64 KiB / best peer", against_peer("coll_2_bcast", 64 << 10), "<=", 1.0),
    ("2 ranks: bcast 1 MiB / best peer", against_peer("coll_2_bcast", 1 << 20), "<=", 1.0),
    ("2 ranks: alltoall 1 KiB / best peer", against_peer("coll_2_alltoall", 1 << 10), "<=", 1.0),
    *(
        goal
        for ranks in (4, 8, 16)
        for goal in (
            (f"{ranks} ranks on 2 CPUs, all of these / MPICH and Open MPI, worst",
             collectives_everywhere(f"coll_{ranks}", ("mpich", "openmpi")), "<=", 0.3),
            (f"{ranks} ranks on 2 CPUs, all of these / Intel MPI, worst",
             collectives_everywhere(f"coll_{ranks}", ("intel",)), "<", 1.0),
        )
    ),
    ("2 ranks over TCP, all of these / best peer, worst", collectives_everywhere("coll_tcp_2"), "<", 1.0),
    ("4 ranks over TCP, all of these / best peer, worst", collectives_everywhere("coll_tcp_4"), "<", 1.0),
    ("packing a column / a loop by hand (speeds)", loop_over_pack, ">=", 0.7),
    ("packing a column / best peer's MPI_Pack (times)", against_peer("pack_column", 4096), "<", 1.0),
    ("one-sided access, all of these / best peer, worst", one_sided_everywhere("one_sided"), "<", 1.0),
    ("one-sided access over TCP, all of these / best peer, worst", one_sided_everywhere("one_sided_tcp"), "<", 1.0),
    ("C 8 B half round trip beyond Rust's (ns)", from_c, "<=", 15),
    ("C 8 B half round trip / best peer", c_against_peer, "<", 1.0),
    ("mpi4py, numpy array of 8 B to 4 MiB / mpi4py on the best peer, worst size", python_everywhere("array_latency"), "<", 1.0),
    ("mpi4py, a dictionary / mpi4py on the best peer", python_everywhere("dict_latency"), "<", 1.0),
    ("mpiexec -n 4 python -c 'from mpi4py import MPI' / with MPICH", python_start, "<=", 0.8),
    ("mpiexec -n 16 of init and finalize / MPICH's hydra", against("mpich", "startup_16", 0), "<=", 0.5),
    ("the same of /bin/true, the launcher alone", against("mpich", "launch_16", 0), "<=", 0.5),
    ("token round 16 ranks / MPICH", token(lambda laps: against("mpich", "token_16", laps)), "<=", 0.2),
    ("token round 16 ranks / best peer", token(lambda laps: against_peer("token_16", laps)), "<", 1.0),
    ("memory of an idle rank of 16 (MB)", value("rss_16", 0), "<", 6.0),
)

HOLDS = {"<=": lambda a, b: a <= b, "<": lambda a, b: a < b, ">=": lambda a, b: a >= b}


def judge(results):
    """For each goal: name, limit, the deciding ratio, the medians' ratio, the values, met (or None)."""
    best, typical = Results(results, "p02"), Results(results, "median")
    judged = []
    for name, measure, relation, limit in GOALS:
        try:
            ratio, text = measure(best)
            judged.append((name, f"{relation} {limit:g}", ratio, measure(typical)[0], text, HOLDS[relation](ratio, limit)))
        except Unmeasured as missing:
            judged.append((name, f"{relation} {limit:g}", None, None, str(missing), None))
    return judged


def render(results):
    """The goals as a Markdown table."""
    verdicts = {True: "met", False: "NOT MET", None: "not measured"}
    rows = [["goal", "limit", "measured", "by medians", "values", "verdict"]]
    for name, limit, ratio, typical, text, met in judge(results):
        rows.append([name, limit, number(ratio), number(typical), text, verdicts[met]])
    met = sum(row[-1] == "met" for row in rows)
    return f"## Goals\n\n{aligned(rows)}\n\n{met} of {len(GOALS)} met.\n"
