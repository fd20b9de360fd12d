//! Duplicates, and their attributes (MPI 5.0, section 7.4.2).

use std::ffi::c_int;

use olympi_comm::{Communicator, CreateError, Error, Request as Underway};

use crate::arguments::wanted;
use crate::attributes::{self, Attributes};
use crate::communicators::given;
use crate::dialect::dialect;
use crate::errors;
use crate::fault::{Fault, Outcome};
use crate::object::{CommObject, put};
use crate::requests::{self, Kind, Pending};
use crate::types::{Comm, Errhandler, Info, Request, Status};

/// `MPI_Comm_dup`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_dup(comm: Comm, newcomm: *mut Comm) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { duplicate("MPI_Comm_dup", comm, Info::NULL, newcomm) }
}

/// `MPI_Comm_dup_with_info`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_dup_with_info(comm: Comm, info: Info, newcomm: *mut Comm) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { duplicate("MPI_Comm_dup_with_info", comm, info, newcomm) }
}

unsafe fn duplicate(call: &str, comm: Comm, info: Info, newcomm: *mut Comm) -> c_int {
    comm.call(call, |object| {
        wanted(newcomm)?;
        let hints = info.hints()?;
        let copies = attributes::copy_comm(comm, object);
        let made = object.comm.dup_if(&hints, copies.is_ok()).map_err(Error::from);
        let inherited = Heritage { parent: comm, handler: errors::inherit(object.handler()), copies };
        // SAFETY: the caller's promise.
        unsafe { given(newcomm, inherited.go_to(made)) }
    })
}

/// What a duplicate gets of its parent.
struct Heritage {
    parent: Comm,
    handler: Errhandler,
    /// Attributes, or why there can be no duplicate.
    copies: Outcome<Attributes>,
}

impl Heritage {
    /// Gives it to the duplicate, if there is one.
    fn go_to(self, made: Result<Communicator, Error>) -> Outcome<Comm> {
        let fault = match (self.copies, made) {
            (Ok(copies), Ok(made)) => {
                let mut object = CommObject::new(made, self.handler);
                object.attributes = copies.into();
                return Comm::enroll(object);
            }
            (Ok(copies), Err(error)) => {
                attributes::discard_comm(self.parent, copies);
                error.into()
            }
            (Err(fault), _) => fault,
        };
        errors::give_back(self.handler);
        Err(fault)
    }
}

/// `MPI_Comm_idup`
///
/// # Safety
/// Both results have places, the communicator until the request is over.
pub unsafe fn comm_idup(comm: Comm, newcomm: *mut Comm, request: *mut Request) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { begin("MPI_Comm_idup", comm, Info::NULL, newcomm, request) }
}

/// `MPI_Comm_idup_with_info`
///
/// # Safety
/// Both results have places, the communicator until the request is over.
pub unsafe fn comm_idup_with_info(
    comm: Comm,
    info: Info,
    newcomm: *mut Comm,
    request: *mut Request,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { begin("MPI_Comm_idup_with_info", comm, info, newcomm, request) }
}

unsafe fn begin(call: &str, comm: Comm, info: Info, newcomm: *mut Comm, request: *mut Request) -> c_int {
    comm.call(call, |object| {
        wanted(newcomm)?;
        wanted(request)?;
        let hints = info.hints()?;
        let copies = attributes::copy_comm(comm, object);
        let underway = object.comm.idup_if(&hints, copies.is_ok());
        let heritage = Heritage { parent: comm, handler: errors::inherit(object.handler()), copies };
        let underway = match underway {
            Ok(underway) => underway,
            // SAFETY: the caller's promise.
            Err(error) => return unsafe { late(newcomm, heritage.go_to(Err(CreateError::into(error)))) },
        };
        let stage = Stage::Underway(underway, heritage);
        let pending = Duplicate { stage, newcomm: Place(newcomm) };
        let handle = requests::make(comm, Kind::Other(Box::new(pending)))?;
        // SAFETY: as above.
        unsafe { put(request, handle) }
    })
}

/// Gives a new communicator, or none, to the program, whose place is as wide as its handles are.
///
/// # Safety
/// As above.
unsafe fn late(newcomm: *mut Comm, made: Outcome<Comm>) -> Outcome {
    let handle = *made.as_ref().unwrap_or(&Comm::NULL);
    // SAFETY: the caller's promise.
    unsafe { (dialect().late_comm)(newcomm.cast(), handle) };
    made.map(|_| ())
}

/// Where the program wants the new communicator.
struct Place(*mut Comm);

// SAFETY: an address alone, which the program has promised to be there until the request is over.
unsafe impl Send for Place {}
// SAFETY: as above.
unsafe impl Sync for Place {}

/// A duplicate that is under way.
struct Duplicate {
    stage: Stage,
    newcomm: Place,
}

enum Stage {
    Underway(Underway<Communicator>, Heritage),
    Over(Outcome<Comm>),
}

impl Duplicate {
    fn conclude(&mut self, result: impl FnOnce(Underway<Communicator>) -> Result<Communicator, Error>) {
        if let Stage::Underway(underway, heritage) =
            std::mem::replace(&mut self.stage, Stage::Over(Ok(Comm::NULL)))
        {
            self.stage = Stage::Over(heritage.go_to(result(underway)));
        }
    }
}

impl Pending for Duplicate {
    fn is_over(&mut self) -> Outcome<bool> {
        let Stage::Underway(underway, _) = &mut self.stage else { return Ok(true) };
        match underway.test() {
            Ok(None) => return Ok(false),
            Ok(Some(made)) => self.conclude(|_| Ok(made)),
            Err(error) => self.conclude(|_| Err(error)),
        }
        Ok(true)
    }

    fn wait(&mut self) -> Outcome {
        if matches!(self.stage, Stage::Underway(..)) {
            self.conclude(Underway::wait);
        }
        Ok(())
    }

    fn finish(&mut self, _status: &mut Status) -> Outcome {
        self.wait()?;
        let made = match std::mem::replace(&mut self.stage, Stage::Over(Ok(Comm::NULL))) {
            Stage::Over(made) => made,
            Stage::Underway(..) => unreachable!("it was waited for"),
        };
        // SAFETY: the program's promise, which the place keeps.
        unsafe { late(self.newcomm.0, made) }
    }

    fn peek(&mut self, _status: &mut Status) -> Outcome {
        match &self.stage {
            Stage::Over(Err(fault)) => Err(Fault::clone(fault)),
            _ => Ok(()),
        }
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
