//! Operations of reductions (MPI 5.0, section 6.9), and the kernels that apply them to memory.
/// Order.
pub enum Order {
    /// a
    FromFirst,
    /// b
    IntoFirst,
}
/// Operation.
#[derive(Clone)]
pub struct Operation(pub std::sync::Arc<dyn Fn(&[u8], &mut [u8]) + Send + Sync>, pub usize);
impl Operation {
    /// Bytes.
    pub fn grain(&self) -> usize {
        self.1
    }
    /// Apply.
    pub fn apply(&self, from: &[u8], into: &mut [u8], _order: Order) {
        (self.0)(from, into)
    }
}
