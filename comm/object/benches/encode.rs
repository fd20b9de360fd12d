//! What it costs to make a message of an object and an object of a message.
//!
//! `encode` writes into a buffer that is used again, `encode-fresh` into a new one each time. `copy` moves the same
//! amount of memory, for comparison.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use olympi_object::{decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Item {
    id: u64,
    name: String,
    position: [f64; 3],
    tags: Vec<(u16, bool)>,
    parent: Option<Box<Item>>,
}

fn item(id: u64) -> Item {
    Item {
        id,
        name: format!("item {id}"),
        position: [id as f64; 3],
        tags: vec![(1, true); (id % 5) as usize],
        parent: id.is_multiple_of(3).then(|| Box::new(item(id + 1))),
    }
}

fn measure<T: Serialize + DeserializeOwned>(criterion: &mut Criterion, name: &str, value: &T) {
    let mut message = Vec::new();
    encode(value, &mut message).expect("the value can be encoded");
    let mut group = criterion.benchmark_group(format!("object/{name}"));
    group.throughput(Throughput::Bytes(message.len() as u64));
    let mut buffer = Vec::new();
    group.bench_function(BenchmarkId::from_parameter("encode"), |bencher| {
        bencher.iter(|| {
            buffer.clear();
            encode(black_box(value), &mut buffer)
        });
    });
    group.bench_function(BenchmarkId::from_parameter("encode-fresh"), |bencher| {
        bencher.iter(|| {
            let mut buffer = Vec::new();
            encode(black_box(value), &mut buffer).map(|()| buffer)
        });
    });
    group.bench_function(BenchmarkId::from_parameter("decode"), |bencher| {
        bencher.iter(|| decode::<T>(black_box(&message)));
    });
    let mut copy = vec![0; message.len()];
    group.bench_function(BenchmarkId::from_parameter("copy"), |bencher| {
        bencher.iter(|| black_box(&mut copy).copy_from_slice(black_box(&message)));
    });
    group.finish();
}

fn objects(criterion: &mut Criterion) {
    measure(criterion, "i32", &7_i32);
    measure(criterion, "text", &"a message of some forty characters, or so".to_string());
    measure(criterion, "floats-1e3", &vec![1.5_f64; 1_000]);
    measure(criterion, "floats-1e6", &vec![1.5_f64; 1_000_000]);
    measure(criterion, "bytes-1e6", &serde_bytes::ByteBuf::from(vec![7; 1_000_000]));
    let map: HashMap<String, Vec<u32>> = (0..20_000).map(|n| (format!("key {n}"), vec![n; 10])).collect();
    measure(criterion, "map-2e4", &map);
    measure(criterion, "items-5e4", &(0..50_000).map(item).collect::<Vec<_>>());
}

criterion_group!(benches, objects);
criterion_main!(benches);
