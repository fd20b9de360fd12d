//! A buffer that is being sent outlives the scope, not only its body.
use olympi_comm::Universe;

fn main() {
    let universe = Universe::init().unwrap();
    let world = universe.world();
    let _ = world.scope(|scope| {
        let data = [1, 2, 3];
        scope.isend(&data, 0, 0)?;
        Ok(())
    });
}
