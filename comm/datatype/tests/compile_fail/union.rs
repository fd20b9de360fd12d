use olympi_datatype::Equivalence;

#[derive(Clone, Copy, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C)]
union Either {
    small: u8,
    large: u32,
}

fn main() {}
