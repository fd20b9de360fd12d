//! A buffer that is being received into is nobody else's.
use olympi_comm::Universe;

fn main() {
    let universe = Universe::init().unwrap();
    let world = universe.world();
    let mut data = [0; 3];
    let _ = world.scope(|scope| {
        let first = scope.irecv(&mut data, 0, 0)?;
        let second = scope.irecv(&mut data, 0, 1)?;
        first.wait()?;
        second.wait()
    });
}
