//! Two processes pass an array of integers, straight from one buffer to the other.
//! Run: `cargo mpiexec -n 2 --example array_send`

fn main() -> Result<(), olympi::Error> {
    let universe = olympi::init()?;
    let comm = universe.world();
    let rank = comm.rank();

    if rank == 0 {
        let data: Vec<i32> = (0..10).collect();
        comm.send(&data, 1, 11)?;
        println!("process {rank} Send buffer-like array {}...", Spaced(&data));
    } else if rank == 1 {
        let mut data = [0_i32; 10];
        comm.recv_into(&mut data, 0, 11)?;
        println!("process {rank} recv buffer-like array {}...", Spaced(&data));
    }
    Ok(())
}

/// An array as numpy prints it: `[0 1 2]`.
struct Spaced<'a>(&'a [i32]);

impl std::fmt::Display for Spaced<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.0.iter().map(i32::to_string).collect();
        write!(f, "[{}]", words.join(" "))
    }
}
