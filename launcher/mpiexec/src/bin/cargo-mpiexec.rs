//! `cargo mpiexec -n 4 --example ring`: see `cargo mpiexec --help`.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    olympi_mpiexec::cargo_mpiexec(std::env::args_os())
}
