use olympi::*;
use std::time::Instant;
fn time(world: &Communicator, name: &str, n: usize, mut f: impl FnMut()) {
    let warm = Instant::now();
    for _ in 0..3 {
        f();
    }
    let each = world.all_reduce(&(warm.elapsed().as_secs_f64() / 3.0), Op::max()).unwrap();
    let n = ((0.004 / each) as usize).clamp(1, n);
    let mut all = vec![];
    for _ in 0..40 {
        world.barrier().unwrap();
        let t = Instant::now();
        for _ in 0..n {
            f();
        }
        let us = t.elapsed().as_secs_f64() * 1e6 / n as f64;
        let us = world.all_reduce(&us, Op::max()).unwrap();
        all.push(us);
    }
    all.sort_by(|a, b| a.total_cmp(b));
    if world.rank() == 0 {
        print!("{name} {:.2} ({:.2}) | ", all[1], all[all.len() / 2]);
    }
}
fn main() {
    let u = init().unwrap();
    let w = u.world();
    time(w, "barrier", 1000, || w.barrier().unwrap());
    let sizes: Vec<usize> = std::env::args()
        .nth(1)
        .map(|s| s.split(',').map(|x| x.parse().unwrap()).collect())
        .unwrap_or(vec![8, 1024, 4096, 8192, 16384, 32768, 65536, 1 << 20]);
    for len in sizes {
        if w.rank() == 0 {
            print!("\n{len:8}: ");
        }
        let mut b = vec![1u8; len];
        time(w, "bcast", 1000, || w.broadcast(&mut b, 0).unwrap());
        let x = vec![1.0f64; len / 8];
        let mut y = x.clone();
        time(w, "allreduce", 1000, || w.all_reduce_into(&x, &mut y, Op::sum()).unwrap());
        time(w, "reduce", 1000, || w.reduce_into(&x, &mut y, 0, Op::sum()).unwrap());
        if len <= 65536 {
            let a = vec![1u8; len * w.size() as usize];
            let mut c = a.clone();
            time(w, "alltoall", 1000, || w.all_to_all_into(&a, &mut c).unwrap());
            time(w, "allgather", 1000, || w.all_gather_into(&b, &mut c).unwrap());
        }
    }
    if w.rank() == 0 {
        println!();
    }
}
