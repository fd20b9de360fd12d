//! Nor does it through a variable outside.
use olympi_comm::Universe;

fn main() {
    let universe = Universe::init().unwrap();
    let world = universe.world();
    let data = [1, 2, 3];
    let mut kept = None;
    let _ = world.scope(|scope| {
        kept = Some(scope.isend(&data, 0, 0)?);
        Ok(())
    });
    drop(kept);
}
