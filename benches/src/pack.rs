//! One column of a matrix of doubles, packed by its datatype and by a loop: `pack` of `compare/collectives.h`.

use std::hint::black_box;

use olympi::{Datatype, Error};

use crate::figures::Bench;
use crate::measure::{Figure, TimedBy};
use crate::options::Options;

/// The matrix is square.
const EDGE: usize = 4096;
const PAGE: usize = 4096;
/// Which of its columns.
const COLUMN: usize = 17;

pub(crate) fn measure(bench: &mut Bench<'_>, options: &Options) -> Result<(), Error> {
    // Page aligned, as that of the other program.
    let mut memory = vec![0.0; EDGE * EDGE + PAGE / 8];
    let start = memory.as_ptr().align_offset(PAGE);
    let matrix = &mut memory[start..][..EDGE * EDGE];
    matrix.iter_mut().enumerate().for_each(|(index, item)| *item = index as f64);
    let matrix = &*matrix;
    let column = Datatype::of::<f64>().vector(EDGE, 1, EDGE as i64).expect("a column is a datatype");
    let view = column.view(&matrix[COLUMN..], 1).expect("the column lies in the matrix");
    let mut packed = vec![0_u8; 8 * EDGE];
    let mut by_hand = vec![0.0; EDGE];

    assert_eq!(view.pack_part(0, &mut packed), packed.len());
    copy_column(matrix, &mut by_hand);
    let right = |row: usize| (row * EDGE + COLUMN) as f64;
    let (items, rest) = packed.as_chunks::<8>();
    assert!(
        rest.is_empty()
            && items.iter().enumerate().all(|(row, item)| f64::from_ne_bytes(*item) == right(row))
    );
    assert!(by_hand.iter().enumerate().all(|(row, &item)| item == right(row)));

    let value = |_: &Bench<'_>, _, iterations, seconds| seconds / iterations as f64 * 1e6;
    let mut run = |name, run: &mut dyn FnMut()| {
        let mut figure = Figure {
            name,
            unit: "us",
            run: &mut |_, _, iterations| {
                (0..iterations).for_each(|_| run());
                Ok(())
            },
            value: &value,
            higher_is_better: false,
            timed_by: TimedBy::First,
        };
        figure.measure(bench, options, EDGE)
    };
    run("pack", &mut || {
        view.pack_part(0, black_box(&mut packed));
    })?;
    run("pack_loop", &mut || copy_column(matrix, black_box(&mut by_hand)))
}

/// What a program would write instead.
#[inline(never)]
fn copy_column(matrix: &[f64], out: &mut [f64]) {
    for (item, row) in out.iter_mut().zip(matrix.chunks_exact(EDGE)) {
        *item = row[COLUMN];
    }
}
