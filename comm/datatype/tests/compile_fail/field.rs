use olympi_datatype::Equivalence;

#[derive(Clone, Copy, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C)]
struct Holder {
    count: u64,
    text: &'static str,
}

fn main() {}
