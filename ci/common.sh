# shellcheck shell=bash
# What every script in ci/ starts with: sourced, never run.
#
# It goes to the repository's top folder and gives the few words below. A script that skips
# a part says so with `skip`, never silently: .ci/run repeats those lines at its end.
set -euo pipefail
shopt -s inherit_errexit
ci=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$ci")
name=$(basename "$0")
cd "$root"
# Where cargo builds; absolute, since some scripts change folders or hosts.
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")

say() { printf 'ci/%s: %s\n' "$name" "$*"; }
die() { printf 'ci/%s: FAILED: %s\n' "$name" "$*" >&2; exit 1; }

# skip WHAT WHY: a part that cannot be run on this machine.
skip() {
  printf '\nci/%s: SKIPPED %s: %s\n\n' "$name" "$1" "$2" >&2
  [ -z "${CI_SKIPS:-}" ] || printf 'ci/%s: %s: %s\n' "$name" "$1" "$2" >> "$CI_SKIPS"
}

has() { command -v "$1" > /dev/null 2>&1; }

# ranks_of JOB PROGRAM: the processes of PROGRAM that the mpiexec with process id JOB started.
ranks_of() {
  local child
  for child in $(cat "/proc/$1/task/"*/children 2> /dev/null || true); do
    grep -qsxF -- "$2" "/proc/$child/comm" && echo "$child"
  done
  true
}

# Whether a process runs; a zombie has no namespaces any more.
running() { [ -e "/proc/$1/ns/pid" ]; }

# The folder for what ci/ makes itself (virtual environment, logs): never committed.
scratch() {
  mkdir -p "$target/ci"
  echo "$target/ci"
}
