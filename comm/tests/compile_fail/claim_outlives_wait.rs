//! A claimed partition cannot be written while the send is waited for.
fn main() -> Result<(), olympi_comm::Error> {
    let universe = olympi_comm::Universe::init()?;
    let mut send = universe.world().psend_init(vec![0_u8; 8], 2, 0, 0)?;
    let mut claim = send.claim(0)?;
    send.wait()?;
    claim.fill(1);
    Ok(())
}
