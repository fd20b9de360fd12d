use olympi_datatype::Equivalence;

#[derive(Clone, Copy, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
struct Unordered {
    first: u32,
    second: u32,
}

fn main() {}
