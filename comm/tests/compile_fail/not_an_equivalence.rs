//! Only values that are plain bytes travel as bytes; others travel as objects.
use olympi_comm::Universe;

fn main() {
    let universe = Universe::init().unwrap();
    let _ = universe.world().isend(vec![String::from("text")], 0, 0);
}
