//! Operations that MPI does not define on a type do not compile.
use olympi_comm::{Located, Op};

fn main() {
    let _ = Op::<bool>::sum();
    let _ = Op::<char>::max();
    let _ = Op::<[f64; 2]>::bitwise_or();
    let _ = Op::<Located<f64, i32>>::min_location();
}
