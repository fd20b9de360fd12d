//! `mpiexec -n 4 ./program`: see `mpiexec --help`.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    olympi_mpiexec::mpiexec(std::env::args_os())
}
