use olympi_datatype::Equivalence;

#[derive(Clone, Copy, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(u8)]
enum Colour {
    Red,
    Green,
}

fn main() {}
