//! A partition that has arrived is the next round's memory.
fn main() -> Result<(), olympi_comm::Error> {
    let universe = olympi_comm::Universe::init()?;
    let mut receive = universe.world().precv_init(vec![0_u8; 8], 2, 0, 0)?;
    let part = receive.partition(0);
    receive.start()?;
    println!("{part:?}");
    Ok(())
}
