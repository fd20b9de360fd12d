//! What one frame costs where no other processor is involved: sent and polled in one thread.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use olympi_shm::{Config, Shm};
use olympi_transport_api::{Inbound, Peer, Post, Transport};

fn frames(c: &mut Criterion) {
    let mut a = Shm::new(Config::default(), Peer(0), 2).expect("shared memory");
    let mut b = Shm::new(Config::default(), Peer(1), 2).expect("shared memory");
    a.connect(Peer(1), &b.address()).expect("a sound address");
    let mut group = c.benchmark_group("frame");
    for len in [8, 64, 256, 1024, 4096, 16384] {
        let payload = vec![7_u8; len];
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(format!("{len} B"), |bencher| {
            bencher.iter(|| {
                assert_eq!(a.send(Peer(1), &[1; 24], &payload), Post::Accepted);
                let mut bytes = 0;
                while bytes == 0 {
                    b.poll(&mut |event| {
                        if let Inbound::Frame { payload, .. } = event {
                            bytes += payload.len();
                        }
                    });
                }
                bytes
            });
        });
    }
    group.finish();
    c.bench_function("empty poll", |bencher| bencher.iter(|| b.poll(&mut |_| ())));
}

criterion_group!(ring, frames);
criterion_main!(ring);
