use olympi_datatype::Equivalence;

#[derive(Clone, Copy, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C)]
struct Padded {
    small: u8,
    large: u32,
}

fn main() {}
