//! Reading and writing: blocking, non-blocking, and in two halves (MPI 5.0, section 14.4).
//!
//! The system moves the bytes while the call runs, so the request of a non-blocking call is over when it is made, and what a
//! split collective has moved is known when it begins. A non-blocking call of all ranks waits for none of them.

use std::any::Any;
use std::ffi::{c_int, c_void};

use olympi_comm::FilePosition::{At, Own, Shared};
use olympi_comm::raw::{Raw, Together};
use olympi_comm::{FilePosition, Status as Known};

use crate::arguments::wanted;
use crate::constants::MPI_ERR_OTHER;
use crate::fault::{Fault, Outcome};
use crate::files::FileObject;
use crate::object::{TypeObject, put};
use crate::requests::{Kind, Pending, make};
use crate::types::{Comm, Datatype, File, Number, Offset, Request, Status};

/// Which way elements go.
#[derive(Clone, Copy)]
enum Way {
    Read,
    Write,
}
use Way::{Read, Write};

/// An access with its arguments.
#[derive(Clone, Copy)]
struct Access<N> {
    way: Way,
    at: FilePosition,
    together: Together,
    buffer: *const c_void,
    count: N,
    datatype: Datatype,
}

impl<N: Number> Access<N> {
    /// Makes it.
    ///
    /// # Safety
    /// The elements may be read, or written, as the access says.
    unsafe fn run(self, object: &FileObject) -> Outcome<Known> {
        let datatype = self.datatype.get();
        let raw = match datatype.and_then(|datatype| self.elements(datatype)) {
            Ok(raw) => raw,
            Err(fault) => {
                if self.together == Together::All {
                    object.file.excuse(self.at, fault.class());
                }
                return Err(fault);
            }
        };
        // SAFETY: the caller's promise.
        let done = unsafe {
            match self.way {
                Read => object.file.read_raw(self.at, self.together, raw),
                Write => object.file.write_raw(self.at, self.together, raw),
            }
        };
        Ok(done?)
    }

    /// What is read or written.
    fn elements(self, datatype: &TypeObject) -> Outcome<Raw<'_>> {
        // Whether they can be.
        datatype.raw(self.buffer, self.count)?;
        // Where values are converted, the datatype of bytes in one piece is needed too.
        let start = self.buffer.cast_mut().cast();
        Ok(Raw::Laid { start, count: datatype.count(self.count)?, datatype: &datatype.datatype })
    }
}

/// A request that was over when it was made.
struct Over(Known);

impl Pending for Over {
    fn is_over(&mut self) -> Outcome<bool> {
        Ok(true)
    }

    fn finish(&mut self, status: &mut Status) -> Outcome {
        // SAFETY: a status of ours.
        unsafe { Status::put(status, &self.0) };
        Ok(())
    }

    fn peek(&mut self, status: &mut Status) -> Outcome {
        self.finish(status)
    }

    /// It is too late, which is no error.
    fn cancel(&mut self) -> Outcome {
        Ok(())
    }

    fn free(&mut self) -> Outcome<bool> {
        Ok(true)
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// What a split collective has done, until it is ended.
pub(super) struct Half {
    /// The call that ends it.
    end: &'static str,
    known: Known,
}

impl FileObject {
    fn begin(&self, half: impl FnOnce() -> Outcome<Half>) -> Outcome {
        if let Some(half) = &*self.half() {
            let detail = format!("another split collective is under way: call {} first", half.end);
            return Err(Fault::new(MPI_ERR_OTHER, detail));
        }
        let half = half()?;
        *self.half() = Some(half);
        Ok(())
    }

    fn end(&self, call: &'static str) -> Outcome<Known> {
        let mut half = self.half();
        match half.take() {
            Some(begun) if begun.end == call => Ok(begun.known),
            other => {
                *half = other;
                Err(Fault::new(MPI_ERR_OTHER, "no split collective of this kind is under way"))
            }
        }
    }
}

/// A row: the function, its MPI name, which way, where, by whom; then the form of the call.
macro_rules! accesses {
    (@ blocking $name:ident $call:literal $way:ident $at:expr, $together:ident $($offset:ident)?) => {
        #[doc = concat!("`", $call, "`")]
        ///
        /// # Safety
        /// The elements may be read, or written, as the call says; the status is null or may be written.
        pub unsafe fn $name<N: Number>(
            fh: File, $($offset: Offset,)? buf: accesses!(@ buffer $way), count: N, datatype: Datatype,
            status: *mut Status,
        ) -> c_int {
            fh.call($call, |object| {
                let (way, at, together, buffer) = ($way, $at, Together::$together, buf.cast());
                // SAFETY: the caller's promise.
                unsafe {
                    let known = Access { way, at, together, buffer, count, datatype }.run(object)?;
                    Status::put(status, &known);
                }
                Ok(())
            })
        }
    };
    (@ nonblocking $name:ident $call:literal $way:ident $at:expr, $together:ident $($offset:ident)?) => {
        #[doc = concat!("`", $call, "`")]
        ///
        /// # Safety
        /// The elements may be read, or written, as the call says; the request has a place.
        pub unsafe fn $name<N: Number>(
            fh: File, $($offset: Offset,)? buf: accesses!(@ buffer $way), count: N, datatype: Datatype,
            request: *mut Request,
        ) -> c_int {
            fh.call($call, |object| {
                wanted(request)?;
                let (way, at, together, buffer) = ($way, $at, Together::$together, buf.cast());
                // SAFETY: the caller's promise.
                unsafe {
                    let known = Access { way, at, together, buffer, count, datatype }.run(object)?;
                    put(request, make(Comm::SELF, Kind::Other(Box::new(Over(known))))?)
                }
            })
        }
    };
    (@ begin $name:ident $call:literal $way:ident $at:expr, $end:literal $($offset:ident)?) => {
        #[doc = concat!("`", $call, "`")]
        ///
        /// # Safety
        /// The elements may be read, or written, as the call says, until the call that ends it.
        pub unsafe fn $name<N: Number>(
            fh: File, $($offset: Offset,)? buf: accesses!(@ buffer $way), count: N, datatype: Datatype,
        ) -> c_int {
            fh.call($call, |object| object.begin(|| {
                let (way, at, together, buffer) = ($way, $at, Together::All, buf.cast());
                // SAFETY: the caller's promise.
                let known = unsafe { Access { way, at, together, buffer, count, datatype }.run(object) }?;
                Ok(Half { end: $end, known })
            }))
        }
    };
    (@ end $name:ident $call:literal $way:ident $at:expr, $end:literal) => {
        #[doc = concat!("`", $call, "`")]
        ///
        /// # Safety
        /// The status is null or may be written.
        pub unsafe fn $name(fh: File, _buf: accesses!(@ buffer $way), status: *mut Status) -> c_int {
            fh.call($call, |object| {
                let known = object.end($end)?;
                // SAFETY: the caller's promise.
                unsafe { Status::put(status, &known) };
                Ok(())
            })
        }
    };
    (@ buffer Read) => { *mut c_void };
    (@ buffer Write) => { *const c_void };
    ($($form:ident $name:ident = $call:literal: $way:ident $at:expr, $by:tt $(($offset:ident))?;)*) => {
        $(accesses!(@ $form $name $call $way $at, $by $($offset)?);)*
    };
}

accesses! {
    blocking file_read_at = "MPI_File_read_at": Read At(offset), Alone (offset);
    blocking file_read_at_all = "MPI_File_read_at_all": Read At(offset), All (offset);
    blocking file_read = "MPI_File_read": Read Own, Alone;
    blocking file_read_all = "MPI_File_read_all": Read Own, All;
    blocking file_read_shared = "MPI_File_read_shared": Read Shared, Alone;
    blocking file_read_ordered = "MPI_File_read_ordered": Read Shared, All;
    blocking file_write_at = "MPI_File_write_at": Write At(offset), Alone (offset);
    blocking file_write_at_all = "MPI_File_write_at_all": Write At(offset), All (offset);
    blocking file_write = "MPI_File_write": Write Own, Alone;
    blocking file_write_all = "MPI_File_write_all": Write Own, All;
    blocking file_write_shared = "MPI_File_write_shared": Write Shared, Alone;
    blocking file_write_ordered = "MPI_File_write_ordered": Write Shared, All;

    // None waits for another rank, so that each is this rank's alone.
    nonblocking file_iread_at = "MPI_File_iread_at": Read At(offset), Alone (offset);
    nonblocking file_iread_at_all = "MPI_File_iread_at_all": Read At(offset), Alone (offset);
    nonblocking file_iread = "MPI_File_iread": Read Own, Alone;
    nonblocking file_iread_all = "MPI_File_iread_all": Read Own, Alone;
    nonblocking file_iread_shared = "MPI_File_iread_shared": Read Shared, Alone;
    nonblocking file_iwrite_at = "MPI_File_iwrite_at": Write At(offset), Alone (offset);
    nonblocking file_iwrite_at_all = "MPI_File_iwrite_at_all": Write At(offset), Alone (offset);
    nonblocking file_iwrite = "MPI_File_iwrite": Write Own, Alone;
    nonblocking file_iwrite_all = "MPI_File_iwrite_all": Write Own, Alone;
    nonblocking file_iwrite_shared = "MPI_File_iwrite_shared": Write Shared, Alone;

    begin file_read_at_all_begin = "MPI_File_read_at_all_begin": Read At(offset), "MPI_File_read_at_all_end" (offset);
    begin file_read_all_begin = "MPI_File_read_all_begin": Read Own, "MPI_File_read_all_end";
    begin file_read_ordered_begin = "MPI_File_read_ordered_begin": Read Shared, "MPI_File_read_ordered_end";
    begin file_write_at_all_begin = "MPI_File_write_at_all_begin": Write At(offset), "MPI_File_write_at_all_end" (offset);
    begin file_write_all_begin = "MPI_File_write_all_begin": Write Own, "MPI_File_write_all_end";
    begin file_write_ordered_begin = "MPI_File_write_ordered_begin": Write Shared, "MPI_File_write_ordered_end";

    end file_read_at_all_end = "MPI_File_read_at_all_end": Read Own, "MPI_File_read_at_all_end";
    end file_read_all_end = "MPI_File_read_all_end": Read Own, "MPI_File_read_all_end";
    end file_read_ordered_end = "MPI_File_read_ordered_end": Read Own, "MPI_File_read_ordered_end";
    end file_write_at_all_end = "MPI_File_write_at_all_end": Write Own, "MPI_File_write_at_all_end";
    end file_write_all_end = "MPI_File_write_all_end": Write Own, "MPI_File_write_all_end";
    end file_write_ordered_end = "MPI_File_write_ordered_end": Write Own, "MPI_File_write_ordered_end";
}
