//! Pi as an integral, a part of it on each process. Run: `cargo mpiexec -n 4 --example pi [INTERVALS]`

use olympi::prelude::*;

fn main() -> Result<(), olympi::Error> {
    let intervals: u64 = std::env::args().nth(1).map_or(10_000_000, |word| word.parse().expect("a number"));
    let universe = olympi::init()?;
    let comm = universe.world();
    let (rank, size) = (comm.rank() as u64, comm.size() as u64);

    let begin = universe.wtime();
    let width = 1.0 / intervals as f64;
    let height = |i: u64| {
        let x = width * (i as f64 + 0.5);
        4.0 / (1.0 + x * x)
    };
    let mine: f64 = (rank..intervals).step_by(size as usize).map(height).sum::<f64>() * width;

    if let Some(pi) = comm.reduce(&mine, 0, Op::sum())? {
        let error = (pi - std::f64::consts::PI).abs();
        println!("pi is about {pi:.12}, off by {error:.1e}, in {:.3} s", universe.wtime() - begin);
    }
    Ok(())
}
