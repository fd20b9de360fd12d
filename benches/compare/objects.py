"""mpi4py's pickled objects, measured like olympi-bench's object figures.

Subcommands `object-latency` and `object-bandwidth`, options and records as in
README.md. The object is a record of a number, a name and size/8 floats.
"""

import json
import sys
import time
from array import array

from mpi4py import MPI

world = MPI.COMM_WORLD
rank = world.Get_rank()


def an_object(size):
    """The object whose floats take `size` bytes."""
    return {"id": size, "name": "an object", "values": array("d", [i * 0.5 for i in range(size // 8)])}


def latency(thing, iterations):
    """`iterations` round trips."""
    for _ in range(iterations):
        if rank == 0:
            world.send(thing, 1)
            back = world.recv(source=1)
        elif rank == 1:
            back = world.recv(source=0)
            world.send(thing, 0)
    return back


def bandwidth(thing, iterations):
    """`iterations` windows of 16 objects one way, each answered by an object."""
    got = None
    for _ in range(iterations):
        if rank == 0:
            for request in [world.isend(thing, 1) for _ in range(16)]:
                request.wait()
            world.recv(source=1)
        else:
            for _ in range(16):
                got = world.recv(source=0)
            world.send(None, 0)
    return got


def main():
    """Measures all sizes and prints a record for each."""
    name, words = sys.argv[1], sys.argv[2:]
    options = {"--batches": "200", "--batch-time": "1.5", "--limit": "1500", "--sizes": "64"}
    while words:
        word = words.pop(0)
        if word != "--pinned":
            options[word] = words.pop(0)
    target, limit = float(options["--batch-time"]) / 1e3, float(options["--limit"]) / 1e3
    body = latency if name == "object-latency" else bandwidth
    for size in [int(size) for size in options["--sizes"].split(",")]:
        thing = an_object(size)
        got = latency(thing, 1)
        if got != thing:
            raise SystemExit(f"rank {rank} received another object than was sent")
        iterations = 1
        while True:
            start = time.perf_counter()
            body(thing, iterations)
            seconds = world.bcast(time.perf_counter() - start)
            if seconds > target:
                break
            iterations *= 2
        each = seconds / iterations
        iterations = max(1, int(target / each))
        batches = max(3, min(int(options["--batches"]), int(limit / (each * iterations))))
        samples = []
        for _ in range(batches):
            start = time.perf_counter()
            body(thing, iterations)
            seconds = time.perf_counter() - start
            if body is latency:
                samples.append(seconds / iterations / 2 * 1e6)
            else:
                samples.append(16 * size * iterations / seconds / 1e9)
        samples.sort(reverse=body is bandwidth)
        if rank == 0:
            print(json.dumps({
                "figure": name.replace("-", "_"), "size": size, "ranks": world.Get_size(),
                "median": samples[batches // 2], "p02": samples[round(0.02 * (batches - 1))], "max": samples[-1],
                "unit": "us" if body is latency else "GB/s", "samples": batches,
            }).replace('{"figure": ', '{"figure":'), flush=True)


main()
