//! What is being received into is not read before the scope has ended, not even after `wait`.
use olympi_comm::Universe;

fn main() {
    let universe = Universe::init().unwrap();
    let world = universe.world();
    let mut data = [0; 3];
    let _ = world.scope(|scope| {
        let receive = scope.irecv(&mut data, 0, 0)?;
        println!("{}", data[0]);
        receive.wait()
    });
}
