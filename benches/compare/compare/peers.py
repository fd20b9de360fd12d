"""The implementations: how each is installed, built, configured and started.

Every peer comes from its own wheel in its own virtual environment, because each
brings an `mpiexec`. Each is measured with its defaults over shared memory, and
with the better of its TCP stacks over TCP; the second one is a variant of its own
name where it wins some figure (see README.md).
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
REPOSITORY = HERE.parent.parent
PIN = str(HERE / "pin")

# Settings of an MPI that the caller's shell happens to hold must not decide.
FOREIGN = ("OMPI_", "PMIX_", "PRTE_", "PMI_", "I_MPI_", "MPIR_", "MPICH_", "UCX_", "FI_", "HYDRA_", "OLYMPI_", "OPAL_")


MPI4PY = ("mpi4py==4.1.2", "numpy")


class Unavailable(Exception):
    """An implementation cannot be measured here; the text says why."""


@dataclass
class Implementation:
    """One column of the tables."""

    name: str
    label: str
    package: str = ""  # the wheel; empty: not a peer
    version: str = ""
    extra_packages: tuple = ()
    launch: tuple = ()  # words after mpiexec
    tcp_launch: tuple = ()
    environment: dict = field(default_factory=dict)
    shm_environment: dict = field(default_factory=dict)
    tcp_environment: dict = field(default_factory=dict)
    launcher: str = ""  # set by prepare()
    program: tuple = ()  # set by prepare()

    def command(self, ranks, transport, pinned, arguments, program=None):
        """The whole command line of one run."""
        words = [self.launcher, *self.launch]
        if transport == "tcp":
            words += self.tcp_launch
        words += ["-n", str(ranks)]
        if pinned:
            words.append(PIN)
        return words + list(program or self.program) + list(arguments)

    def variables(self, transport, cpus):
        """The environment of one run."""
        variables = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        variables["BENCH_CPUS"] = " ".join(str(cpu) for cpu in cpus)
        variables.update(self.environment)
        variables.update(self.tcp_environment if transport == "tcp" else self.shm_environment)
        return variables


def everyone():
    """All implementations by name, in the order of the tables."""
    root = ("--allow-run-as-root",) if os.geteuid() == 0 else ()
    mpich = dict(package="mpich", version="5.0.2")
    openmpi = dict(package="openmpi", version="5.0.11")
    # `pin` binds the ranks; oversubscription must be allowed for 16 on few CPUs.
    prte = root + ("--oversubscribe", "--bind-to", "none")
    found = [
        Implementation("raw", "bare machine"),
        Implementation("olympi", "Olympi", tcp_environment={"OLYMPI_TRANSPORTS": "tcp"}),
        Implementation(
            "mpich", "MPICH", **mpich,
            tcp_environment={
                "MPIR_CVAR_NOLOCAL": "1", "MPIR_CVAR_CH4_NETMOD": "ofi",
                "FI_PROVIDER": "tcp", "FI_TCP_IFACE": "lo",
            },
        ),
        Implementation(
            "mpich-ucx", "MPICH (UCX)", **mpich,
            shm_environment={"MPIR_CVAR_NOLOCAL": "1", "MPIR_CVAR_CH4_NETMOD": "ucx", "UCX_TLS": "sm,self"},
            tcp_environment={"MPIR_CVAR_NOLOCAL": "1", "MPIR_CVAR_CH4_NETMOD": "ucx", "UCX_TLS": "tcp,self"},
        ),
        Implementation(
            "openmpi", "Open MPI", **openmpi, launch=prte,
            tcp_launch=("--mca", "pml", "ob1", "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "lo"),
        ),
        Implementation(
            "openmpi-ucx", "Open MPI (UCX)", **openmpi, launch=prte,
            tcp_launch=(
                "--mca", "pml", "ucx", "--mca", "opal_common_ucx_tls", "any",
                "--mca", "opal_common_ucx_devices", "any",
            ),
            tcp_environment={"UCX_TLS": "tcp,self"},
        ),
        Implementation(
            "intel", "Intel MPI", package="impi-rt", version="2021.18.1",
            environment={"I_MPI_PIN": "0"},
            # Its collectives go by shared memory even then, unless they are made of messages.
            tcp_environment={
                "I_MPI_FABRICS": "ofi", "FI_PROVIDER": "tcp", "FI_TCP_IFACE": "lo", "I_MPI_COLL_INTRANODE": "pt2pt",
            },
        ),
        # The same program in C over Olympi's library of the standard ABI, and mpi4py of pip over that of MPICH's.
        Implementation("olympi-c", "Olympi from C", tcp_environment={"OLYMPI_TRANSPORTS": "tcp"}),
        Implementation("mpi4py-olympi", "mpi4py on Olympi", extra_packages=MPI4PY),
        Implementation("mpi4py", "mpi4py on MPICH", **mpich, extra_packages=MPI4PY),
        Implementation("mpi4py-openmpi", "mpi4py on Open MPI", **openmpi, launch=prte, extra_packages=MPI4PY),
        Implementation(
            "mpi4py-intel", "mpi4py on Intel MPI", package="impi-rt", version="2021.18.1",
            environment={"I_MPI_PIN": "0"}, extra_packages=MPI4PY,
        ),
    ]
    return {implementation.name: implementation for implementation in found}


PYTHON_PEERS = ("mpi4py", "mpi4py-openmpi", "mpi4py-intel")
PEERS = ("mpich", "mpich-ucx", "openmpi", "openmpi-ucx", "intel")


def run_or_explain(words, what, **more):
    """Runs a preparing command; its failure says what could not be done."""
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode:
        raise Unavailable(f"{what}: {' '.join(map(str, words))} failed:\n{done.stdout[-2000:].strip()}")


class Workshop:
    """Makes the virtual environments and the programs, once each."""

    def __init__(self, out, venvs, compiler, olympi=None):
        self.out, self.venvs, self.compiler, self.olympi = Path(out), Path(venvs), compiler, olympi

    def prepare(self, implementation):
        """Installs and builds what the implementation needs, or raises Unavailable."""
        if implementation.name == "raw":
            implementation.program = (self.build("raw", [self.compiler], HERE / "raw.c"),)
        elif implementation.name in ("olympi", "olympi-c", "mpi4py-olympi"):
            self.prepare_olympi(implementation)
        else:
            self.prepare_peer(implementation)

    def prepare_peer(self, peer):
        """The peer's wheel, and bench.c built against it."""
        venv = self.venvs / peer.package
        self.install(venv, [f"{peer.package}=={peer.version}", *peer.extra_packages])
        peer.launcher = str(venv / "bin" / "mpiexec")
        if peer.name.startswith("mpi4py"):
            peer.program = (str(venv / "bin" / "python"), str(HERE / "objects.py"))
            if peer.package == "impi-rt":
                peer.environment = {**peer.environment, "FI_PROVIDER_PATH": str(venv / "lib")}
            return
        if (venv / "bin" / "mpicc").exists():
            compiler, libraries = [str(venv / "bin" / "mpicc")], []
        else:
            # Intel's wheel has no headers; MPICH's fit, both keep the same binary interface.
            headers = self.venvs / "mpich"
            self.install(headers, ["mpich==5.0.2"])
            library = venv / "lib" / "libmpi.so.12"
            compiler = [self.compiler, f"-I{headers / 'include'}"]
            libraries = [str(library), f"-Wl,-rpath,{library.parent}"]
            peer.environment = {
                **peer.environment, "LD_LIBRARY_PATH": str(library.parent), "FI_PROVIDER_PATH": str(library.parent),
            }
        peer.program = (self.build(peer.package, compiler, HERE / "bench.c", libraries),)

    def install(self, venv, packages):
        """A virtual environment that holds the packages."""
        python = venv / "bin" / "python"
        mark = venv / "installed"
        have = mark.read_text().split() if mark.exists() else []
        if all(package in have for package in packages):
            return
        print(f"installing {' '.join(packages)} into {venv}", flush=True)
        venv.parent.mkdir(parents=True, exist_ok=True)
        if not python.exists():
            run_or_explain([sys.executable, "-m", "venv", str(venv)], "making a virtual environment")
        run_or_explain([str(python), "-m", "pip", "install", "-q", *packages], f"installing {packages[0]}")
        mark.write_text(" ".join(dict.fromkeys(have + packages)))

    def build(self, name, compiler, source, libraries=()):
        """The source, built as `name` unless it already is."""
        program = self.out / "build" / name
        newest = max(path.stat().st_mtime for path in (source, *HERE.glob("*.h")))
        if not program.exists() or program.stat().st_mtime < newest:
            program.parent.mkdir(parents=True, exist_ok=True)
            words = [*compiler, "-O3", str(source), "-o", str(program), *libraries]
            run_or_explain(words, f"building {source.name} for {name}")
        return str(program)

    def prepare_olympi(self, olympi):
        """`mpiexec` and the bench: those of `--olympi`, or built here in release mode."""
        folder = self.olympi.resolve() if self.olympi else self.build_olympi()
        library = {"olympi": "olympi-bench", "olympi-c": "libmpi_abi.so", "mpi4py-olympi": "libmpi.so"}[olympi.name]
        for file in ("mpiexec", library):
            if not (folder / file).exists():
                raise Unavailable(f"there is no {folder / file}")
        olympi.launcher = str(folder / "mpiexec")
        if olympi.name == "olympi":
            olympi.program = (str(folder / "olympi-bench"),)
        elif olympi.name == "mpi4py-olympi":
            venv = self.venvs / "mpi4py"
            self.install(venv, list(olympi.extra_packages))
            olympi.program = (str(venv / "bin" / "python"), str(HERE / "objects.py"))
        else:
            # As `install` would lay it out: the name that programs look for is the library's own.
            link = self.out / "lib" / "libmpi_abi.so.1"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(folder / library)
            compiler = [self.compiler, f"-I{REPOSITORY / 'abi' / 'include'}"]
            libraries = [str(link), f"-Wl,-rpath,{link.parent}"]
            olympi.program = (self.build("olympi-c", compiler, HERE / "bench.c", libraries),)

    def build_olympi(self):
        """Builds this repository's programs; returns their folder."""
        if not shutil.which("cargo"):
            raise Unavailable("cargo is not on the PATH, so Olympi cannot be built")
        packages = ("olympi-bench", "olympi-mpiexec", "olympi-mpi-abi", "olympi-mpich-abi")
        words = ["cargo", "build", "--release", *(word for package in packages for word in ("-p", package))]
        run_or_explain(words, "building Olympi", cwd=REPOSITORY)
        target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
        return (target if target.is_absolute() else REPOSITORY / target) / "release"
