//! Two processes pass an object with a blocking send. Run: `cargo mpiexec -n 2 --example blocking_send`

fn main() -> Result<(), olympi::Error> {
    let universe = olympi::init()?;
    let comm = universe.world();
    let rank = comm.rank();

    if rank == 0 {
        let data = 0..10;
        comm.send_object(&data, 1, 11)?;
        println!("process {rank} send range({}, {})...", data.start, data.end);
    } else if rank == 1 {
        let (data, _) = comm.recv_object::<std::ops::Range<i32>>(0, 11)?;
        println!("process {rank} recv range({}, {})...", data.start, data.end);
    }
    Ok(())
}
