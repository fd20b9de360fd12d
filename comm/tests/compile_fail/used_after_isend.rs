//! A vector that is being sent belongs to its request.
use olympi_comm::Universe;

fn main() {
    let universe = Universe::init().unwrap();
    let data = vec![1, 2, 3];
    let request = universe.world().isend(data, 0, 0).unwrap();
    println!("{}", data[0]);
    let _ = request.wait();
}
