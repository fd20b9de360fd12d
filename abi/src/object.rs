//! The objects behind handles that nearly every call needs: communicators, datatypes, requests.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use olympi_comm::raw::Raw;
use olympi_comm::{Communicator, Datatype as Layout};

use crate::attributes::Attributes;
use crate::constants::{MPI_ERR_BUFFER, MPI_ERR_COMM, MPI_ERR_COUNT, MPI_ERR_NO_MEM, MPI_ERR_TYPE};
use crate::fault::{Fault, Outcome};
use crate::global;
use crate::handle::{Table, is_user};
use crate::predefined::{self, Predefined};
use crate::types::{Comm, Datatype, Errhandler, Number};

/// A communicator, and what C programs hang on it.
pub struct CommObject {
    /// The communicator itself.
    pub comm: Communicator,
    handler: AtomicUsize,
    /// Its attributes.
    pub attributes: Mutex<Attributes>,
}

impl CommObject {
    /// One without attributes.
    pub fn new(comm: Communicator, handler: Errhandler) -> Self {
        Self { comm, handler: AtomicUsize::new(handler.0), attributes: Mutex::default() }
    }

    /// What becomes of errors.
    pub fn handler(&self) -> Errhandler {
        Errhandler(self.handler.load(Ordering::Relaxed))
    }

    /// Sets that, and gives what was set before.
    pub fn set_handler(&self, handler: Errhandler) -> Errhandler {
        Errhandler(self.handler.swap(handler.0, Ordering::Relaxed))
    }
}

/// Communicators.
pub static COMMS: Table<CommObject> = Table::new(1);

/// `MPI_COMM_WORLD` and `MPI_COMM_SELF`, from `MPI_Init` to `MPI_Finalize`.
static PREDEFINED: [AtomicPtr<CommObject>; 2] = [const { AtomicPtr::new(null_mut()) }; 2];

/// Makes the predefined communicators.
pub fn set_predefined(world: CommObject, myself: CommObject) {
    for (place, object) in PREDEFINED.iter().zip([world, myself]) {
        place.store(Box::into_raw(Box::new(object)), Ordering::Release);
    }
}

/// Takes them away.
pub fn clear_predefined() {
    for place in &PREDEFINED {
        let object = place.swap(null_mut(), Ordering::AcqRel);
        if !object.is_null() {
            // SAFETY: made by `set_predefined`, and taken out here, once. MPI forbids calls beside `MPI_Finalize`.
            drop(unsafe { Box::from_raw(object) });
        }
    }
}

impl Comm {
    /// Its object.
    ///
    /// # Errors
    /// `MPI_ERR_COMM`: there is no such communicator.
    #[inline(always)]
    pub fn get(self) -> Outcome<&'static CommObject> {
        let object = if is_user(self.0) { COMMS.get(self.0) } else { self.predefined() };
        object.ok_or_else(|| self.unknown())
    }

    #[inline]
    fn predefined(self) -> Option<&'static CommObject> {
        let place = PREDEFINED.get(self.0.wrapping_sub(Self::WORLD.0))?;
        let object = place.load(Ordering::Acquire);
        // SAFETY: null, or an object that lives until `MPI_Finalize`, beside which MPI forbids calls.
        unsafe { object.as_ref() }
    }

    #[cold]
    fn unknown(self) -> Fault {
        match self {
            Self::NULL => Fault::new(MPI_ERR_COMM, "the communicator is MPI_COMM_NULL"),
            Self::WORLD | Self::SELF => global::not_now(),
            Self(handle) => {
                Fault::new(MPI_ERR_COMM, format!("{handle:#x} is no communicator, or one that was freed"))
            }
        }
    }

    /// A handle for a new communicator, which inherits its parent's error handler.
    ///
    /// # Errors
    /// `MPI_ERR_NO_MEM`: there are too many.
    pub fn make(comm: Communicator, handler: Errhandler) -> Outcome<Self> {
        Self::enroll(CommObject::new(comm, handler))
    }

    /// A handle for an object.
    ///
    /// # Errors
    /// `MPI_ERR_NO_MEM`: there are too many.
    pub fn enroll(object: CommObject) -> Outcome<Self> {
        COMMS.insert(object).map(Self).ok_or_else(too_many)
    }
}

/// The error of who has two million objects of a kind.
#[cold]
pub fn too_many() -> Fault {
    Fault::new(MPI_ERR_NO_MEM, "there are too many objects of this kind: free some")
}

/// A datatype, and what C programs hang on it.
pub struct TypeObject {
    /// The datatype itself.
    pub datatype: Layout,
    /// Size of an element, if any number of them is one piece that begins where it is said to.
    unit: Option<usize>,
    committed: AtomicBool,
    /// What it is called in C, if it is predefined.
    pub predefined: Option<&'static Predefined>,
    /// Name, if one was set.
    pub name: Mutex<Option<String>>,
    /// Its attributes.
    pub attributes: Mutex<Attributes>,
}

impl TypeObject {
    /// One that is not committed.
    pub fn new(datatype: Layout) -> Self {
        let unit = datatype.run(2).filter(|run| run.0 == 0).map(|run| run.1 / 2);
        Self {
            datatype,
            unit,
            committed: AtomicBool::new(false),
            predefined: None,
            name: Mutex::default(),
            attributes: Mutex::default(),
        }
    }

    /// A predefined one.
    pub fn predefined(datatype: Layout, predefined: &'static Predefined) -> Self {
        Self { predefined: Some(predefined), committed: AtomicBool::new(true), ..Self::new(datatype) }
    }

    /// `MPI_Type_commit`: its layout was compiled when it was made, so this is but a mark.
    pub fn commit(&self) {
        self.committed.store(true, Ordering::Relaxed);
    }

    /// Whether it may be used for messages.
    pub fn is_committed(&self) -> bool {
        self.committed.load(Ordering::Relaxed)
    }

    /// So many elements at an address, for a message.
    ///
    /// # Errors
    /// A negative count, a datatype that is not committed, no memory where there must be some.
    #[inline(always)]
    pub fn raw<N: Number>(&self, buffer: *const c_void, count: N) -> Outcome<Raw<'_>> {
        let count = self.count(count)?;
        if !self.is_committed() {
            return Err(Fault::new(MPI_ERR_TYPE, "the datatype is not committed: call MPI_Type_commit"));
        }
        self.laid(buffer, count)
    }

    /// The same without a look at whether it is committed: packing needs that no less, but arguments that are not
    /// significant do not.
    ///
    /// # Errors
    /// No memory where there must be some.
    #[inline(always)]
    pub fn laid(&self, buffer: *const c_void, count: usize) -> Outcome<Raw<'_>> {
        let start = buffer.cast_mut().cast::<u8>();
        let raw = match self.unit {
            Some(unit) => Raw::Run { start, len: unit.saturating_mul(count) },
            None => Raw::new(start, count, &self.datatype),
        };
        match raw {
            Raw::Run { start, len } if start.is_null() && len > 0 => {
                Err(Fault::new(MPI_ERR_BUFFER, format!("there are {len} bytes to be moved at address NULL")))
            }
            raw => Ok(raw),
        }
    }

    /// A count of elements.
    ///
    /// # Errors
    /// It is negative.
    #[inline]
    pub fn count<N: Number>(&self, count: N) -> Outcome<usize> {
        nonnegative(count.wide())
    }
}

/// A count.
///
/// # Errors
/// It is negative.
#[inline]
pub fn nonnegative(count: i64) -> Outcome<usize> {
    usize::try_from(count)
        .map_err(|_| Fault::new(MPI_ERR_COUNT, format!("a count is not negative, as {count} is")))
}

/// Datatypes.
pub static TYPES: Table<TypeObject> = Table::new(2);

impl Datatype {
    /// Its object.
    ///
    /// # Errors
    /// `MPI_ERR_TYPE`: there is no such datatype.
    #[inline(always)]
    pub fn get(self) -> Outcome<&'static TypeObject> {
        let object = if is_user(self.0) { TYPES.get(self.0) } else { predefined::get(self.0) };
        object.ok_or_else(|| self.unknown())
    }

    #[cold]
    fn unknown(self) -> Fault {
        match self {
            Self::NULL => Fault::new(MPI_ERR_TYPE, "the datatype is MPI_DATATYPE_NULL"),
            Self(handle) => {
                Fault::new(MPI_ERR_TYPE, format!("{handle:#x} is no datatype, or one that was freed"))
            }
        }
    }

    /// A handle for a new datatype.
    ///
    /// # Errors
    /// `MPI_ERR_NO_MEM`: there are too many.
    pub fn make(datatype: Layout) -> Outcome<Self> {
        TYPES.insert(TypeObject::new(datatype)).map(Self).ok_or_else(too_many)
    }
}

/// Writes a result where the program wants it.
///
/// # Errors
/// `MPI_ERR_ARG`: it wants it nowhere.
///
/// # Safety
/// `place` is null, or may be written.
#[inline]
pub unsafe fn put<T>(place: *mut T, value: T) -> Outcome {
    if place.is_null() {
        return Err(Fault::new(
            crate::constants::MPI_ERR_ARG,
            "there is no place for a result: an argument is NULL",
        ));
    }
    // SAFETY: the caller's promise.
    unsafe { place.write(value) };
    Ok(())
}

/// A `true` of C.
#[inline]
pub fn flag(value: bool) -> c_int {
    c_int::from(value)
}
