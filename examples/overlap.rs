//! Computing while messages travel: borrowed buffers in a scope, owned ones in requests, and futures.
//! Run: `cargo mpiexec -n 2 --example overlap`

use olympi::prelude::*;

const LENGTH: usize = 1 << 20;

fn main() -> Result<(), olympi::Error> {
    let universe = olympi::init()?;
    let comm = universe.world();
    let (rank, size) = (comm.rank(), comm.size());
    let (left, right) = ((rank + size - 1) % size, (rank + 1) % size);

    // Borrowed: the scope ends when both operations have.
    let mine = vec![f64::from(rank); LENGTH];
    let mut neighbour = vec![0.0; LENGTH];
    let mut sum = 0.0;
    comm.scope(|scope| {
        let receive = scope.irecv(&mut neighbour, left, 0)?;
        let mut send = scope.isend(&mine, right, 0)?;
        let mut polls = 0;
        while send.test()?.is_none() && polls < 1000 {
            sum += busy_work(polls);
            polls += 1;
        }
        let status = receive.wait()?;
        println!("rank {rank}: {} numbers from rank {}", status.count::<f64>().unwrap_or(0), status.source());
        Ok(())
    })?;
    assert!(neighbour.iter().all(|&x| x == f64::from(left)));

    // Owned: the requests hand the buffers back.
    let receives = (0..4).map(|tag| comm.irecv_vec::<u32>(left, tag)).collect::<Result<Vec<_>, _>>()?;
    let sends =
        (0..4).map(|tag| comm.isend(vec![tag as u32; 1000], right, tag)).collect::<Result<Vec<_>, _>>()?;
    sum += busy_work(4);
    for (tag, (data, _)) in wait_all(receives)?.into_iter().enumerate() {
        assert!(data.iter().all(|&x| x == tag as u32));
    }
    wait_all(sends)?;

    // As futures.
    let answer = universe.block_on(async {
        let receive = comm.irecv_object::<String>(left, 9)?;
        comm.isend_object("over", right, 9)?.await?;
        Ok::<_, olympi::Error>(receive.await?.0)
    })??;
    assert_eq!(answer, "over");
    println!("rank {rank}: done, with work worth {:.1} done meanwhile", sum.abs().ln_1p());
    Ok(())
}

fn busy_work(seed: u32) -> f64 {
    (1..2000).map(|i| f64::from(i + seed).sqrt()).sum()
}
