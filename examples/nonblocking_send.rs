//! Two processes pass an object with a non-blocking send. Run: `cargo mpiexec -n 2 --example nonblocking_send`

fn main() -> Result<(), olympi::Error> {
    let universe = olympi::init()?;
    let comm = universe.world();
    let rank = comm.rank();

    if rank == 0 {
        let data: Vec<i32> = (0..10).collect();
        let request = comm.isend_object(&data, 1, 11)?;
        println!("process {rank} immediate send {data:?}...");
        request.wait()?;
    } else if rank == 1 {
        let (data, _) = comm.recv_object::<Vec<i32>>(0, 11)?;
        println!("process {rank} recv {data:?}...");
    }
    Ok(())
}
