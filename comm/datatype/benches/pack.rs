//! What packing costs beside a loop that is written by hand for the layout.
//!
//! `pack/column`: a column of a 4096 x 4096 matrix of `f64`, each time the next one, so that it comes from memory.
//! `pack/columns8`: eight neighbouring columns. `pack/plane`: the middle of a cube, in all three directions.
//! `pack/fields`: three fields of a struct. `pack/indexed`: irregular elements. `unpack/...`: the other way.

use std::hint::black_box;

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use olympi_datatype::{Datatype, Order};

const SIDE: usize = 4096;

fn group<'a>(criterion: &'a mut Criterion, name: &str, bytes: usize) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes as u64));
    group
}

/// Blocks of `N` doubles in each row of a matrix.
fn columns<const N: usize>(criterion: &mut Criterion, name: &str) {
    let mut matrix: Vec<f64> = (0..SIDE * SIDE).map(|i| i as f64).collect();
    let mut packed = vec![0.0_f64; N * SIDE];
    let bytes = 8 * N * SIDE;
    let datatype = Datatype::of::<f64>().vector(SIDE, N, SIDE as i64).unwrap();
    // A page's worth of columns away, so that neither caches nor pages are warm, and the same for both.
    let next = |column: usize| (column + 520) % (SIDE - N);

    let mut pack = group(criterion, &format!("pack/{name}"), bytes);
    let mut column = 0;
    pack.bench_function("by hand", |bencher| {
        bencher.iter(|| {
            column = next(column);
            for (out, row) in packed.as_chunks_mut::<N>().0.iter_mut().zip(matrix.chunks_exact(SIDE)) {
                out.copy_from_slice(&row[column..column + N]);
            }
            black_box(&mut packed);
        });
    });
    let mut stream = vec![0_u8; bytes];
    pack.bench_function("datatype", |bencher| {
        bencher.iter(|| {
            column = next(column);
            let view = datatype.view(&matrix[column..], 1).unwrap();
            black_box(view.pack_part(0, &mut stream));
        });
    });
    pack.finish();

    let mut unpack = group(criterion, &format!("unpack/{name}"), bytes);
    unpack.bench_function("by hand", |bencher| {
        bencher.iter(|| {
            column = next(column);
            for (out, row) in packed.as_chunks::<N>().0.iter().zip(matrix.chunks_exact_mut(SIDE)) {
                row[column..column + N].copy_from_slice(out);
            }
            black_box(&mut matrix);
        });
    });
    unpack.bench_function("datatype", |bencher| {
        bencher.iter(|| {
            column = next(column);
            let mut view = datatype.view(&mut matrix[column..], 1).unwrap();
            black_box(view.unpack(&stream).unwrap());
        });
    });
    unpack.finish();
}

fn planes(criterion: &mut Criterion) {
    const EDGE: usize = 128;
    let cube: Vec<f32> = (0..EDGE * EDGE * EDGE).map(|i| i as f32).collect();
    let mut packed = vec![0.0_f32; EDGE * EDGE];
    let mut stream = vec![0_u8; 4 * EDGE * EDGE];
    let mut pack = group(criterion, "pack/plane", stream.len());
    // From row to row, and from element to element, of the plane across each axis.
    for (axis, [outer, inner]) in [[EDGE, 1], [EDGE * EDGE, 1], [EDGE * EDGE, EDGE]].into_iter().enumerate() {
        let start = 64 * [EDGE * EDGE, EDGE, 1][axis];
        pack.bench_function(format!("by hand, axis {axis}"), |bencher| {
            bencher.iter(|| {
                for (i, row) in packed.as_chunks_mut::<EDGE>().0.iter_mut().enumerate() {
                    let from = &cube[start + i * outer..];
                    if inner == 1 {
                        row.copy_from_slice(&from[..EDGE]);
                    } else {
                        for (out, value) in row.iter_mut().zip(from.iter().step_by(inner)) {
                            *out = *value;
                        }
                    }
                }
                black_box(&mut packed);
            });
        });
        let (mut subsizes, mut starts) = ([EDGE; 3], [0; 3]);
        (subsizes[axis], starts[axis]) = (1, 64);
        let plane = Datatype::of::<f32>().subarray(&[EDGE; 3], &subsizes, &starts, Order::C).unwrap();
        let view = plane.view(&cube, 1).unwrap();
        pack.bench_function(format!("datatype, axis {axis}"), |bencher| {
            bencher.iter(|| black_box(view.pack_part(0, &mut stream)));
        });
    }
    pack.finish();
}

fn fields(criterion: &mut Criterion) {
    const COUNT: usize = 4096;
    let memory = vec![7_u8; 64 * COUNT];
    let mut stream = vec![0_u8; 36 * COUNT];
    let mut pack = group(criterion, "pack/fields", stream.len());
    pack.bench_function("by hand", |bencher| {
        bencher.iter(|| {
            for (out, value) in stream.as_chunks_mut::<36>().0.iter_mut().zip(memory.as_chunks::<64>().0) {
                out[..24].copy_from_slice(&value[..24]);
                out[24..28].copy_from_slice(&value[32..36]);
                out[28..].copy_from_slice(&value[48..56]);
            }
            black_box(&mut stream);
        });
    });
    let (double, int) = (Datatype::of::<f64>(), Datatype::of::<i32>());
    let value = Datatype::structure([(3, 0, double.clone()), (1, 32, int), (1, 48, double)]).unwrap();
    let value = value.resized(0, 64).unwrap();
    let view = value.view(&memory, COUNT).unwrap();
    pack.bench_function("datatype", |bencher| {
        bencher.iter(|| black_box(view.pack_part(0, &mut stream)));
    });
    pack.finish();
}

fn indexed(criterion: &mut Criterion) {
    const COUNT: usize = 10_000;
    let memory: Vec<f64> = (0..4 * COUNT).map(|i| i as f64).collect();
    let mut packed = vec![0.0_f64; COUNT];
    let mut stream = vec![0_u8; 8 * COUNT];
    // A fixed permutation: 4001 and 40,000 have no common factor.
    let places: Vec<i64> = (0..COUNT).map(|i| (i * 4001 % (4 * COUNT)) as i64).collect();
    let mut pack = group(criterion, "pack/indexed", stream.len());
    pack.bench_function("by hand", |bencher| {
        bencher.iter(|| {
            for (out, place) in packed.iter_mut().zip(&places) {
                *out = memory[*place as usize];
            }
            black_box(&mut packed);
        });
    });
    let datatype = Datatype::of::<f64>().indexed_block(1, places.iter().copied()).unwrap();
    let view = datatype.view(&memory, 1).unwrap();
    pack.bench_function("datatype", |bencher| {
        bencher.iter(|| black_box(view.pack_part(0, &mut stream)));
    });
    pack.finish();
}

fn all(criterion: &mut Criterion) {
    columns::<1>(criterion, "column");
    columns::<8>(criterion, "columns8");
    planes(criterion);
    fields(criterion);
    indexed(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
