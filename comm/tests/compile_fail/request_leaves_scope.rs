//! A request that borrows does not leave its scope.
use olympi_comm::Universe;

fn main() {
    let universe = Universe::init().unwrap();
    let world = universe.world();
    let data = [1, 2, 3];
    let request = world.scope(|scope| Ok(scope.isend(&data, 0, 0)?)).unwrap();
    let _ = request.wait();
}
