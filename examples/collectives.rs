//! All ranks together: a matrix that is spread over the ranks by rows, and its largest eigenvalue by the power method.
//!
//! `cargo mpiexec -n 4 --example collectives [SIDE]`

use olympi::Parts;
use olympi::prelude::*;

fn main() -> Result<(), olympi::Error> {
    let universe = olympi::init()?;
    let world = universe.world();
    let (me, ranks) = (world.rank() as usize, world.size() as usize);

    // Rank 0 knows how large the matrix is to be; everyone is told.
    let wanted = std::env::args().nth(1).and_then(|side| side.parse().ok()).unwrap_or(1000);
    let side: usize = world.broadcast_object((me == 0).then_some(&wanted), 0)?;

    // Each rank has some of the rows, as evenly as they go.
    let rows: Vec<usize> = (0..ranks).map(|rank| (rank + 1) * side / ranks - rank * side / ranks).collect();
    let first = world.exclusive_scan(&rows[me], Op::sum())?.unwrap_or(0);
    let entry = |row: usize, column: usize| 1.0 / (1 + row.abs_diff(column)) as f64;

    // v <- A v / |A v|, until the length no longer changes: that is the eigenvalue.
    let parts = Parts::new(&rows);
    let mut vector = vec![1.0_f64; side];
    let (mut value, mut steps) = (0.0, 0);
    loop {
        let mine: Vec<f64> = (first..first + rows[me])
            .map(|row| vector.iter().enumerate().map(|(column, x)| entry(row, column) * x).sum())
            .collect();
        let square: f64 = mine.iter().map(|x| x * x).sum();
        let length = world.all_reduce(&square, Op::sum())?.sqrt();
        world.all_gather_parts_into(&mine, &mut vector, &parts)?;
        vector.iter_mut().for_each(|x| *x /= length);
        steps += 1;
        if (length - value).abs() < 1e-9 * length || steps == 500 {
            break;
        }
        value = length;
    }

    // The largest component, and where it is.
    let component = |i: &usize| olympi::Located { value: vector[*i], location: *i as i64 };
    let largest = (first..first + rows[me])
        .map(|i| component(&i))
        .reduce(|a, b| if a.value >= b.value { a } else { b });
    let none = olympi::Located { value: f64::MIN, location: i64::MAX };
    let largest = world.reduce(&largest.unwrap_or(none), 0, Op::max_location())?;
    if let Some(largest) = largest {
        println!("{side} x {side} over {ranks} ranks: eigenvalue {value:.6} after {steps} steps");
        println!("largest component {:.6} at {}", largest.value, largest.location);
    }
    Ok(())
}
