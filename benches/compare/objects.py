"""mpi4py's objects and arrays, measured like olympi-bench's figures.

Subcommands `object-latency`, `object-bandwidth`, `dict-latency` and `array-latency`,
options and records as in README.md. The object is a record of a number, a name and
size/8 floats, the dictionary is small, the array is numpy's.
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


def array_latency(thing, iterations):
    """`iterations` round trips of an array, by the calls that take buffers."""
    sent, back = thing
    for _ in range(iterations):
        if rank == 0:
            world.Send(sent, 1)
            world.Recv(back, 1)
        elif rank == 1:
            world.Recv(back, 0)
            world.Send(sent, 0)
    return back


def things(name, size):
    """What is measured, and what must have arrived."""
    if name == "array-latency":
        import numpy

        sent = numpy.arange(size, dtype="u1")
        return (sent, numpy.zeros_like(sent)), sent
    if name == "dict-latency":
        thing = {"a": 7, "b": 3.14, "c": [1, 2, 3], "d": "text"}
    else:
        thing = an_object(size)
    return thing, thing


def same(got, expected):
    """Whether it has arrived whole."""
    return bool((got == expected).all()) if hasattr(got, "all") else got == expected


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
    body = {"object-bandwidth": bandwidth, "array-latency": array_latency}.get(name, latency)
    once = latency if body is bandwidth else body
    for size in [int(size) for size in options["--sizes"].split(",")]:
        thing, expected = things(name, size)
        if not same(once(thing, 1), expected):
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
            if body is not bandwidth:
                samples.append(seconds / iterations / 2 * 1e6)
            else:
                samples.append(16 * size * iterations / seconds / 1e9)
        samples.sort(reverse=body is bandwidth)
        if rank == 0:
            print(json.dumps({
                "figure": name.replace("-", "_"), "size": size, "ranks": world.Get_size(),
                "median": samples[batches // 2], "p02": samples[round(0.02 * (batches - 1))], "max": samples[-1],
                "unit": "GB/s" if body is bandwidth else "us", "samples": batches,
            }).replace('{"figure": ', '{"figure":'), flush=True)


main()
