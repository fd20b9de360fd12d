//! How fast kernels combine, beside a plain loop over slices of the type and beside a copy of as many bytes.
//!
//! Throughput counts the bytes of one operand. A sum reads two and writes one, a copy reads one and writes one: beyond the
//! caches a kernel can reach two thirds of a copy's rate.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use olympi_reduce::{Element, Kind, Operation, Order, Tier};

/// In the first cache, in the second, in memory.
const SIZES: [usize; 3] = [8 << 10, 256 << 10, 32 << 20];

const OPERATIONS: [(Kind, Element); 20] = [
    (Kind::Sum, Element::F64),
    (Kind::Maximum, Element::F64),
    (Kind::Sum, Element::F32),
    (Kind::Minimum, Element::F32),
    (Kind::Sum, Element::I32),
    (Kind::Maximum, Element::I32),
    (Kind::Sum, Element::I64),
    (Kind::Minimum, Element::I64),
    (Kind::Sum, Element::I8),
    (Kind::Product, Element::I8),
    (Kind::Product, Element::F64),
    (Kind::Product, Element::ComplexF64),
    (Kind::Sum, Element::F16),
    (Kind::Maximum, Element::F16),
    (Kind::Sum, Element::Bf16),
    (Kind::LogicalAnd, Element::I32),
    (Kind::BitwiseOr, Element::U64),
    (Kind::MaximumLocation, Element::F32I32),
    (Kind::MaximumLocation, Element::F64I64),
    (Kind::MinimumLocation, Element::F64I32),
];

fn kernels(criterion: &mut Criterion) {
    for (kind, element) in OPERATIONS {
        let operation = Operation::predefined(kind, element).expect("MPI defines it");
        for size in SIZES {
            let name = format!("reduce/{kind:?}-{element:?}/{size}");
            let size = size / element.size() * element.size();
            let (from, mut into) = (vec![0x3c; size], vec![0x3d; size]);
            let mut group = criterion.benchmark_group(name);
            group.throughput(Throughput::Bytes(size as u64));
            for tier in Tier::all() {
                let operation = operation.clone().with_tier(tier);
                group.bench_function(BenchmarkId::from_parameter(format_args!("{tier:?}")), |bencher| {
                    bencher
                        .iter(|| operation.apply(black_box(&from), black_box(&mut into), Order::FromFirst));
                });
            }
            group.finish();
        }
    }
}

/// What anyone would write, where the type is known.
fn plain(criterion: &mut Criterion) {
    for size in SIZES {
        let mut group = criterion.benchmark_group(format!("reduce/Sum-F64/{size}"));
        group.throughput(Throughput::Bytes(size as u64));
        let (from, mut into) = (vec![1.0_f64; size / 8], vec![0.0_f64; size / 8]);
        group.bench_function("plain loop", |bencher| {
            bencher.iter(|| {
                for (into, from) in black_box(&mut into).iter_mut().zip(black_box(&from)) {
                    *into += from;
                }
            });
        });
        group.bench_function("copy", |bencher| {
            bencher.iter(|| black_box(&mut into).copy_from_slice(black_box(&from)));
        });
        group.finish();
    }
}

/// What a call costs when there is next to nothing to combine, as in most reductions.
fn short(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reduce/short");
    for count in [1, 2, 8] {
        let (from, mut into) = ([1; 64], [0; 64]);
        group.bench_function(BenchmarkId::new("make and apply f64", count), |bencher| {
            bencher.iter(|| {
                let sum = Operation::predefined(black_box(Kind::Sum), black_box(Element::F64))
                    .expect("it is defined");
                sum.apply(black_box(&from[..8 * count]), black_box(&mut into[..8 * count]), Order::FromFirst);
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400));
    targets = short, plain, kernels
}
criterion_main!(benches);
