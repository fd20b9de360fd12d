use olympi_datatype::Equivalence;

#[derive(Clone, Copy, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C)]
struct Borrow<'a> {
    number: &'a u32,
}

fn main() {}
