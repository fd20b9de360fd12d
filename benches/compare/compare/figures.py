"""What is measured: each figure, the command that measures it, and on whom.

A figure names a subcommand of `bench` and `olympi-bench` (they are the same),
the number of ranks, the transport, and the sizes. Peers in a second
configuration ("variants") take part where that configuration is the better one,
so that Olympi is held against each peer at its best.
"""

from dataclasses import dataclass, field

MPI = ("olympi", "mpich", "openmpi", "intel")
PYTHON = ("mpi4py-olympi", "mpi4py", "mpi4py-openmpi", "mpi4py-intel")


def powers(least, most):
    """The powers of two from `least` to `most`."""
    size, sizes = least, []
    while size <= most:
        sizes.append(size)
        size *= 2
    return sizes


@dataclass(frozen=True)
class Figure:
    """One measurement, made on several implementations in turn."""

    name: str
    title: str
    subcommand: str  # of bench and olympi-bench; "" if the runner times the command itself
    unit: str
    better: str = "lower"  # or "higher"
    ranks: int = 2
    transport: str = "shm"
    pinned: bool = True
    sizes: tuple = ()
    quick_sizes: tuple = ()
    axis: str = "message size (bytes)"
    implementations: tuple = MPI
    raw: str = ""  # the subcommand of `raw` that is this figure's yardstick
    raw_sizes: tuple = ()
    raw_as: tuple = ()  # the figure and the size under which the yardstick stands, if not its own
    arguments: tuple = ()
    quick_arguments: tuple = ()
    timeout: int = 90  # seconds for one run of one implementation
    # The figure's name in the program's records -> its name in compare.json.
    # Records of other names are ignored; an empty table takes all of them.
    records: dict = field(default_factory=dict)
    batches: tuple = ()  # instead of the run's own
    together: bool = False  # its records share one table

    def command_line(self, quick, batches, quick_only_small):
        """The arguments of `bench`/`olympi-bench` for this figure."""
        words = [self.subcommand]
        sizes = self.quick_sizes if quick and self.quick_sizes else self.sizes
        if quick and quick_only_small:
            sizes = [size for size in sizes if size < 10_000] if self.axis != Figure.axis else sizes
        if sizes:
            words += ["--sizes", ",".join(str(size) for size in sizes)]
        words += self.quick_arguments if quick and self.quick_arguments else self.arguments
        if sizes or self.takes_batches:
            words += self.batches or batches
        if self.pinned:
            words.append("--pinned")
        return words

    @property
    def takes_batches(self):
        """Whether the subcommand measures batches without a list of sizes."""
        return self.subcommand in ("collectives", "pack")

    def raw_command_line(self, batches):
        """The arguments of `raw` for this figure."""
        words = [self.raw]
        if self.raw_sizes:
            words += ["--sizes", ",".join(str(size) for size in self.raw_sizes)]
        return words + batches


SIZES = tuple([0] + powers(1, 16 << 20))
QUICK_SIZES = (0, 8, 64, 256, 4 << 10, 64 << 10, 1 << 20, 4 << 20, 16 << 20)
BULK = tuple(powers(4 << 10, 4 << 20))
QUICK_BULK = (4 << 10, 64 << 10, 1 << 20, 4 << 20)
DEPTHS = (1, 10, 100, 1_000, 10_000)
QUICK_DEPTHS = (1, 1_000, 10_000)
DEPTH_AXIS = "depth of the queue (messages)"

# Collectives and their sizes, as the goals have them.
COLLECTIVES = {
    "barrier": (0,), "bcast": (8, 64 << 10, 1 << 20), "allreduce": (8, 64 << 10, 1 << 20), "alltoall": (1 << 10,),
}


# One-sided accesses, which the C program measures, and their sizes.
ONE_SIDED = {
    **{access: (8, 4 << 10, 64 << 10, 1 << 20) for access in ("put", "get", "accumulate")},
    "fetch_and_op": (8,), "compare_and_swap": (8,), "fence": (8,),
}


def which(most):
    """The collectives in the words of `--which`, up to a size."""
    named = lambda name, sizes: ":".join([name, *(str(size) for size in sizes if 0 < size <= most)])
    return ("--which", ",".join(named(name, sizes) for name, sizes in COLLECTIVES.items()))


def collectives(name, title, ranks, **more):
    """The figure of the collectives at so many ranks; more ranks than CPUs wait for one another's time slices."""
    if ranks > 2:
        if more.get("transport", "shm") == "shm":
            more.update(raw="turns", raw_sizes=(ranks,), raw_as=(f"{name}_barrier", 0))
        more = dict(pinned=False, timeout=240, batches=("--batches", "60", "--batch-time", "1", "--limit", "300"), **more)
    return Figure(
        name, title, "collectives", "us", ranks=ranks, together=True,
        arguments=which(1 << 20), quick_arguments=which(64 << 10),
        records={collective: f"{name}_{collective}" for collective in COLLECTIVES}, **more,
    )


def one_sided(name, title, **more):
    """The figure of accesses to another rank's memory, each waited for."""
    return Figure(
        name, title, "one-sided", "us", sizes=ONE_SIDED["put"], together=True,
        implementations=("olympi-c",) + MPI[1:], records={access: f"{name}_{access}" for access in ONE_SIDED}, **more,
    )


FIGURES = (
    Figure(
        "shm_latency", "Half round trip, shared memory", "latency", "us",
        sizes=SIZES, quick_sizes=QUICK_SIZES,
        implementations=MPI + ("olympi-c", "mpich-ucx"), raw="cacheline",
    ),
    Figure(
        "shm_rate", "Message rate of 8 B, window 64, shared memory", "rate", "M/s", "higher",
        sizes=(8,), implementations=MPI + ("mpich-ucx",),
    ),
    Figure(
        "shm_bandwidth", "Bandwidth, shared memory", "bandwidth", "GB/s", "higher",
        sizes=BULK, quick_sizes=QUICK_BULK,
        raw="memcpy", raw_sizes=BULK,
    ),
    Figure(
        "shm_bibandwidth", "Bandwidth of both directions, shared memory", "bibandwidth", "GB/s", "higher",
        sizes=BULK, quick_sizes=QUICK_BULK,
    ),
    Figure(
        "tcp_latency", "Half round trip, TCP over loopback", "latency", "us",
        transport="tcp", sizes=SIZES, quick_sizes=QUICK_SIZES,
        implementations=MPI + ("mpich-ucx", "openmpi-ucx"),
        raw="tcp-latency", raw_sizes=(1, 8, 64, 1 << 10, 4 << 10),
    ),
    Figure(
        "tcp_bandwidth", "Bandwidth, TCP over loopback", "bandwidth", "GB/s", "higher",
        transport="tcp", sizes=BULK, quick_sizes=QUICK_BULK,
        raw="tcp-bandwidth", raw_sizes=(64 << 10, 1 << 20, 4 << 20),
    ),
    Figure(
        "posted_depth", "Half round trip behind posted receives", "matching", "us",
        sizes=DEPTHS, quick_sizes=QUICK_DEPTHS, axis=DEPTH_AXIS,
        arguments=("--which", "posted"), records={"posted_depth": "posted_depth"},
    ),
    Figure(
        "unexpected_depth", "Unexpected messages drained in reverse, each", "matching", "us",
        sizes=DEPTHS, quick_sizes=QUICK_DEPTHS, axis=DEPTH_AXIS, timeout=400,
        arguments=("--which", "unexpected"), records={"unexpected_depth": "unexpected_depth"},
    ),
    Figure(
        "object_latency", "Half round trip of an object, shared memory", "object-latency", "us",
        sizes=tuple(powers(64, 1 << 20)), quick_sizes=(64, 4 << 10, 64 << 10, 1 << 20),
        implementations=("olympi",) + PYTHON,
    ),
    Figure(
        "array_latency", "Half round trip of a numpy array through mpi4py, shared memory", "array-latency", "us",
        sizes=tuple(powers(8, 4 << 20)), quick_sizes=(8, 4 << 10, 64 << 10, 1 << 20, 4 << 20),
        implementations=PYTHON,
    ),
    Figure(
        "dict_latency", "Half round trip of a small dictionary through mpi4py, shared memory", "dict-latency", "us",
        sizes=(0,), implementations=PYTHON,
    ),
    Figure(
        "object_bandwidth", "Bandwidth of objects, shared memory", "object-bandwidth", "GB/s", "higher",
        sizes=tuple(powers(4 << 10, 1 << 20)), quick_sizes=(64 << 10, 1 << 20),
        implementations=("olympi", "mpi4py"),
    ),
    Figure(
        "object_vec_f64_1e6", "Vec<f64> of 1e6 as an object, and its parts alone", "object-vec", "us",
        sizes=(1_000_000,), axis="elements", implementations=("olympi",),
        records={
            "object_vec": "object_vec_f64_1e6",
            "object_vec_parts": "object_vec_f64_1e6_parts",
            "object_vec_ratio": "object_vec_f64_1e6_ratio",
        },
    ),
    collectives("coll_2", "Collectives of 2 ranks, shared memory", 2, implementations=MPI + ("mpich-ucx",)),
    collectives("coll_4", "Collectives of 4 ranks on 2 CPUs, shared memory", 4),
    collectives("coll_8", "Collectives of 8 ranks on 2 CPUs, shared memory", 8),
    collectives("coll_16", "Collectives of 16 ranks on 2 CPUs, shared memory", 16),
    collectives(
        "coll_tcp_2", "Collectives of 2 ranks, TCP over loopback", 2, transport="tcp",
        implementations=MPI + ("mpich-ucx", "openmpi-ucx"),
    ),
    collectives(
        "coll_tcp_4", "Collectives of 4 ranks on 2 CPUs, TCP over loopback", 4, transport="tcp",
        implementations=MPI + ("mpich-ucx", "openmpi-ucx"),
    ),
    one_sided("one_sided", "One-sided access, shared memory"),
    one_sided("one_sided_tcp", "One-sided access, TCP over loopback", transport="tcp"),
    Figure(
        "pack_column", "A column of a 4096 x 4096 matrix of f64 packed, and by a loop", "pack", "us",
        ranks=1, axis="elements", records={"pack": "pack_column", "pack_loop": "pack_column_loop"},
    ),
    Figure(
        "startup_16", "mpiexec -n 16 of an empty MPI program, start to end", "", "ms",
        ranks=16, pinned=False, axis="",
    ),
    Figure(
        "python_4", "mpiexec -n 4 python -c 'from mpi4py import MPI', start to end", "", "ms",
        ranks=4, pinned=False, axis="", implementations=PYTHON,
    ),
    Figure(
        "launch_16", "mpiexec -n 16 of /bin/true, start to end", "", "ms",
        ranks=16, pinned=False, axis="",
    ),
    Figure(
        "token_16", "16 ranks pass a token round a ring", "token", "ms",
        ranks=16, pinned=False, axis="laps", timeout=300,
        arguments=("--laps", "1000"), quick_arguments=("--laps", "100"),
    ),
    Figure(
        "rss_16", "Resident memory of an idle rank, the largest of 16", "memory", "MB",
        ranks=16, pinned=False, axis="",
    ),
)

BY_NAME = {figure.name: figure for figure in FIGURES}

# Several figures by one name, on the command line.
GROUPS = {
    group: [figure.name for figure in FIGURES if figure.name.startswith(group + "_")] for group in ("coll", "coll_tcp")
}
