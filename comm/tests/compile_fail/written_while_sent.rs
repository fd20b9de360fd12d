//! What is being sent is not written.
use olympi_comm::Universe;

fn main() {
    let universe = Universe::init().unwrap();
    let world = universe.world();
    let mut data = [1, 2, 3];
    let _ = world.scope(|scope| {
        let send = scope.isend(&data, 0, 0)?;
        data[0] = 4;
        send.wait()
    });
}
