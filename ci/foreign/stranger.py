"""A stranger at a rank's door: makes COUNT connections to the TCP ports on which process PID
listens, and misbehaves on each in one of seven ways. For ci/strangers.

usage: stranger.py PID COUNT

Ends with 0 if every connection was made, and prints how they went; with 1 if the door was shut
(the rank died, or stopped listening).
"""
import collections
import os
import random
import socket
import sys

STALLED = 200  # connections that are held open in silence, at any time


def doors(pid):
    """(family, address, port) of each socket on which process `pid` listens."""
    inodes = set()
    for fd in os.listdir("/proc/%d/fd" % pid):
        try:
            target = os.readlink("/proc/%d/fd/%s" % (pid, fd))
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for table, family, any_address, loopback in (
            ("tcp", socket.AF_INET, "0.0.0.0", "127.0.0.1"), ("tcp6", socket.AF_INET6, "::", "::1")):
        with open("/proc/%d/net/%s" % (pid, table), encoding="ascii") as lines:
            for line in list(lines)[1:]:
                column = line.split()
                if column[3] != "0A" or column[9] not in inodes:
                    continue
                address, port = column[1].split(":")
                words = [bytes.fromhex(address[i:i + 8])[::-1] for i in range(0, len(address), 8)]
                address = socket.inet_ntop(family, b"".join(words))
                found.append((family, loopback if address == any_address else address, int(port, 16)))
    return found


def hang_up(peer, _):
    """Says nothing."""


def babble(peer, dice):
    """Random bytes."""
    peer.sendall(dice.randbytes(dice.randrange(1, 4096)))


def boast(peer, _):
    """Lengths of four thousand million and more, for longer than any greeting may be."""
    peer.sendall(b"\xff" * 65536)


def browse(peer, _):
    """Another protocol."""
    peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")


def parrot(peer, _):
    """Gives back what was said, as if it were an answer to the challenge."""
    peer.settimeout(0.005)
    try:
        heard = peer.recv(4096)
    except TimeoutError:
        return
    peer.settimeout(5)
    peer.sendall(heard)


def reset(peer, dice):
    """Half a word, then a reset instead of an end."""
    peer.sendall(dice.randbytes(7))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def stall(peer, dice):
    """Half a word, then silence with the line open."""
    peer.sendall(dice.randbytes(3))


def main():
    pid, count = int(sys.argv[1]), int(sys.argv[2])
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    dice = random.Random(seed)
    targets = doors(pid)
    if not targets:
        sys.exit("stranger: process %d listens on no TCP port" % pid)
    print("stranger: seed %d, doors %s" % (seed, ", ".join("%s %d" % door[1:] for door in targets)))
    manners = (hang_up, babble, boast, browse, parrot, reset, stall)
    went = collections.Counter()
    held = collections.deque()
    for i in range(count):
        family, address, port = targets[i % len(targets)]
        manner = manners[i % len(manners)]
        peer = socket.socket(family, socket.SOCK_STREAM)
        peer.settimeout(10)
        try:
            peer.connect((address, port))
        except OSError as error:
            sys.exit("stranger: connection %d of %d to %s port %d: %s" % (i, count, address, port, error))
        try:
            manner(peer, dice)
            went[manner.__name__ + ", heard out"] += 1
        except OSError:  # a door slammed in our face is a good answer
            went[manner.__name__ + ", cut off"] += 1
        if manner is stall:
            held.append(peer)
            if len(held) > STALLED:
                held.popleft().close()
        else:
            peer.close()
    print("stranger: %d connections made: %s" % (
        count, "; ".join("%s %d" % item for item in sorted(went.items()))))


main()
