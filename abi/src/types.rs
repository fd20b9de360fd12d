//! What crosses the C interface: handles, statuses, and the integers of the standard ABI (MPI 5.0, chapter 20).

use std::ffi::{c_int, c_void};

/// `MPI_Aint`
pub type Aint = isize;
/// `MPI_Count`
pub type Count = i64;
/// `MPI_Offset`
pub type Offset = i64;
/// A function of the C program; the values 0 and 1 stand for functions that MPI names.
pub type Callback = *const c_void;

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident = $null:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(transparent)]
        pub struct $name(pub usize);

        impl $name {
            /// The handle of nothing.
            pub const NULL: Self = Self($null);
        }
    )*};
}

handles! {
    /// `MPI_Comm`
    Comm = 0x100;
    /// `MPI_Group`
    Group = 0x108;
    /// `MPI_Win`
    Win = 0x110;
    /// `MPI_File`
    File = 0x118;
    /// `MPI_Session`
    Session = 0x120;
    /// `MPI_Message`
    Message = 0x128;
    /// `MPI_Info`
    Info = 0x130;
    /// `MPI_Errhandler`
    Errhandler = 0x140;
    /// `MPI_Request`
    Request = 0x180;
    /// `MPI_Datatype`
    Datatype = 0x200;
    /// `MPI_Op`
    Op = 0x20;
    /// `MPI_T_enum`
    TEnum = 0;
    /// `MPI_T_cvar_handle`
    CvarHandle = 0;
    /// `MPI_T_pvar_handle`
    PvarHandle = 0;
    /// `MPI_T_pvar_session`
    PvarSession = 0;
    /// `MPI_T_event_instance`
    EventInstance = 0;
    /// `MPI_T_event_registration`
    EventRegistration = 0;
}

impl Comm {
    /// `MPI_COMM_WORLD`
    pub const WORLD: Self = Self(0x101);
    /// `MPI_COMM_SELF`
    pub const SELF: Self = Self(0x102);
}

impl Group {
    /// `MPI_GROUP_EMPTY`
    pub const EMPTY: Self = Self(0x109);
}

impl Message {
    /// `MPI_MESSAGE_NO_PROC`
    pub const NO_PROC: Self = Self(0x129);
}

impl Op {
    /// `MPI_SUM`
    pub const SUM: Self = Self(0x21);
}

impl Datatype {
    /// `MPI_BYTE`
    pub const BYTE: Self = Self(crate::constants::MPI_BYTE);
    /// `MPI_INT`
    pub const INT: Self = Self(0x209);
}

impl Info {
    /// `MPI_INFO_ENV`
    pub const ENV: Self = Self(0x131);
}

impl Errhandler {
    /// `MPI_ERRORS_ARE_FATAL`
    pub const FATAL: Self = Self(0x141);
    /// `MPI_ERRORS_ABORT`
    pub const ABORT: Self = Self(0x142);
    /// `MPI_ERRORS_RETURN`
    pub const RETURN: Self = Self(0x143);
}

/// An integer that counts in one of the two bindings: `int`, or `MPI_Count` and `MPI_Aint`.
pub trait Number: Copy {
    /// Whether it is that of the large-count binding alone.
    const LARGE: bool;
    /// As the wider one.
    fn wide(self) -> i64;
    /// From the wider one; `None` where it does not fit.
    fn narrow(wide: i64) -> Option<Self>;
}

impl Number for c_int {
    const LARGE: bool = false;
    #[inline]
    fn wide(self) -> i64 {
        i64::from(self)
    }
    fn narrow(wide: i64) -> Option<Self> {
        Self::try_from(wide).ok()
    }
}

impl Number for i64 {
    const LARGE: bool = true;
    #[inline]
    fn wide(self) -> i64 {
        self
    }
    fn narrow(wide: i64) -> Option<Self> {
        Some(wide)
    }
}

impl Number for isize {
    const LARGE: bool = false;
    #[inline]
    fn wide(self) -> i64 {
        self as i64
    }
    fn narrow(wide: i64) -> Option<Self> {
        Self::try_from(wide).ok()
    }
}

/// `MPI_Status`: three fields that programs read, and five words of ours: the length in bytes (two), whether the operation
/// was cancelled, and two that are free.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Status {
    /// `MPI_SOURCE`
    pub source: c_int,
    /// `MPI_TAG`
    pub tag: c_int,
    /// `MPI_ERROR`, which only the calls that give several statuses set.
    pub error: c_int,
    internal: [c_int; 5],
}

impl Status {
    /// That of an operation which has no message.
    pub const EMPTY: Self = Self {
        source: olympi_comm::ANY_SOURCE,
        tag: olympi_comm::ANY_TAG,
        error: crate::constants::MPI_SUCCESS,
        internal: [0; 5],
    };

    /// What the library knows, as C has it. The error is left alone.
    ///
    /// # Safety
    /// `into` is null, which is `MPI_STATUS_IGNORE`, or a status that may be written.
    #[inline]
    pub unsafe fn put(into: *mut Self, status: &olympi_comm::Status) {
        if into.is_null() {
            return;
        }
        // SAFETY: the caller's promise.
        unsafe {
            (*into).source = status.source();
            (*into).tag = status.tag();
            (*into).set_bytes(status.bytes() as u64);
            (*into).set_cancelled(status.is_cancelled());
        }
    }

    /// Length of the message in bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.internal[0] as u32) | u64::from(self.internal[1] as u32) << 32
    }

    /// Sets it.
    #[inline]
    pub fn set_bytes(&mut self, bytes: u64) {
        (self.internal[0], self.internal[1]) = (bytes as c_int, (bytes >> 32) as c_int);
    }

    /// Whether the operation was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.internal[2] != 0
    }

    /// Sets it.
    #[inline]
    pub fn set_cancelled(&mut self, cancelled: bool) {
        self.internal[2] = c_int::from(cancelled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_as_long_as_the_standard_says() {
        assert_eq!((size_of::<Status>(), align_of::<Status>()), (32, 4));
        let mut status = Status::EMPTY;
        status.set_bytes(u64::MAX - 1);
        assert_eq!(status.bytes(), u64::MAX - 1);
    }
}
