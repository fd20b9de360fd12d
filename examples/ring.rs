//! A token goes round a ring of processes, and each adds its rank. Run: `cargo mpiexec -n 4 --example ring [ROUNDS]`

fn main() -> Result<(), olympi::Error> {
    let rounds: u32 = std::env::args().nth(1).map_or(1, |word| word.parse().expect("ROUNDS is a number"));
    let universe = olympi::init()?;
    let comm = universe.world();
    let (rank, size) = (comm.rank(), comm.size());
    let (left, right) = ((rank + size - 1) % size, (rank + 1) % size);

    let mut token = 0_i64;
    for _ in 0..rounds {
        if rank == 0 {
            // Rank 0 may be its own neighbour, so that its send must not wait for its receive.
            let send = comm.isend(vec![token], right, 0)?;
            comm.recv_into(&mut token, left, 0)?;
            send.wait()?;
        } else {
            comm.recv_into(&mut token, left, 0)?;
            token += i64::from(rank);
            comm.send(&token, right, 0)?;
        }
    }
    if rank == 0 {
        println!("{rounds} rounds through {size} processes: the token is {token}");
        assert_eq!(token, i64::from(rounds) * i64::from(size) * i64::from(size - 1) / 2);
    }
    Ok(())
}
