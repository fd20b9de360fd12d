//! Starting and ending, the clock, versions, memory and addresses (MPI 5.0, chapters 9 and 11).

use std::collections::BTreeMap;
use std::ffi::{c_char, c_int, c_void};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use olympi_comm::{Registered, ThreadLevel};

use crate::constants::{
    MPI_ERR_ARG, MPI_ERR_BASE, MPI_ERR_NO_MEM, MPI_MAX_LIBRARY_VERSION_STRING, MPI_MAX_PROCESSOR_NAME,
    MPI_SUBVERSION, MPI_SUCCESS, MPI_THREAD_FUNNELED, MPI_THREAD_MULTIPLE, MPI_THREAD_SERIALIZED,
    MPI_THREAD_SINGLE, MPI_VERSION,
};
use crate::fault::{Fault, Outcome, anywhere};
use crate::global;
use crate::object::{flag, put};
use crate::text::copy_out;
use crate::types::{Aint, Comm, Info};

/// A thread level of C.
///
/// # Errors
/// `MPI_ERR_ARG`: it is none.
pub fn level_of(required: c_int) -> Outcome<ThreadLevel> {
    match required {
        MPI_THREAD_SINGLE => Ok(ThreadLevel::Single),
        MPI_THREAD_FUNNELED => Ok(ThreadLevel::Funneled),
        MPI_THREAD_SERIALIZED => Ok(ThreadLevel::Serialized),
        MPI_THREAD_MULTIPLE => Ok(ThreadLevel::Multiple),
        _ => Err(Fault::new(MPI_ERR_ARG, format!("{required} is no thread level"))),
    }
}

fn number_of(level: ThreadLevel) -> c_int {
    match level {
        ThreadLevel::Single => MPI_THREAD_SINGLE,
        ThreadLevel::Funneled => MPI_THREAD_FUNNELED,
        ThreadLevel::Serialized => MPI_THREAD_SERIALIZED,
        ThreadLevel::Multiple => MPI_THREAD_MULTIPLE,
    }
}

/// `MPI_Init`: the arguments are the program's own, and stay as they are.
///
/// # Safety
/// None.
pub unsafe fn init(_argc: *mut c_int, _argv: *mut *mut *mut c_char) -> c_int {
    anywhere("MPI_Init", || global::init(ThreadLevel::Single).map(|_| ()))
}

/// `MPI_Init_thread`
///
/// # Safety
/// The result has a place.
pub unsafe fn init_thread(
    _argc: *mut c_int,
    _argv: *mut *mut *mut c_char,
    required: c_int,
    provided: *mut c_int,
) -> c_int {
    anywhere("MPI_Init_thread", || {
        let level = global::init(level_of(required)?)?;
        // SAFETY: the caller's promise.
        unsafe { put(provided, number_of(level)) }
    })
}

/// `MPI_Initialized`
///
/// # Safety
/// The result has a place.
pub unsafe fn initialized(result: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Initialized", || unsafe { put(result, flag(global::is_initialized())) })
}

/// `MPI_Finalized`
///
/// # Safety
/// The result has a place.
pub unsafe fn finalized(result: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Finalized", || unsafe { put(result, flag(global::is_finalized())) })
}

/// `MPI_Finalize`
///
/// # Safety
/// No other call is under way.
pub unsafe fn finalize() -> c_int {
    anywhere("MPI_Finalize", || {
        // What libraries have asked for at the end comes first, while everything works (MPI 5.0, section 11.2.4).
        if let Ok(myself) = Comm::SELF.get() {
            crate::attributes::drop_all(Comm::SELF, myself)?;
        }
        if let Ok(world) = Comm::WORLD.get() {
            crate::attributes::drop_all(Comm::WORLD, world)?;
        }
        crate::requests::finish_freed();
        global::finalize()
    })
}

/// `MPI_Abort`
///
/// # Safety
/// None. It does not return.
pub unsafe fn abort(comm: Comm, errorcode: c_int) -> c_int {
    let name = match comm {
        Comm::WORLD => "MPI_COMM_WORLD".to_owned(),
        Comm::SELF => "MPI_COMM_SELF".to_owned(),
        comm => comm.get().map_or_else(|_| "no communicator".to_owned(), |object| object.comm.name()),
    };
    let rank = Comm::WORLD.get().map_or(-1, |world| world.comm.rank());
    eprintln!("olympi: rank {rank}: MPI_Abort({name}, {errorcode}) ends the job");
    global::abort(errorcode)
}

/// `MPI_Query_thread`
///
/// # Safety
/// The result has a place.
pub unsafe fn query_thread(provided: *mut c_int) -> c_int {
    anywhere("MPI_Query_thread", || {
        let level = global::with_job(|job| Ok(job.thread_level()))?;
        // SAFETY: the caller's promise.
        unsafe { put(provided, number_of(level)) }
    })
}

/// `MPI_Is_thread_main`
///
/// # Safety
/// The result has a place.
pub unsafe fn is_thread_main(result: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Is_thread_main", || unsafe { put(result, flag(global::is_main_thread())) })
}

/// `MPI_Pcontrol`: for profilers, which put their own in its place.
pub fn pcontrol(_level: c_int) -> c_int {
    MPI_SUCCESS
}

/// `MPI_Wtime`
pub fn wtime() -> f64 {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// `MPI_Wtick`: the system's clock tells nanoseconds.
pub fn wtick() -> f64 {
    1e-9
}

/// `MPI_Get_processor_name`: the name of this host.
///
/// # Safety
/// `name` has room for `MPI_MAX_PROCESSOR_NAME` characters, and the length has a place.
pub unsafe fn get_processor_name(name: *mut c_char, resultlen: *mut c_int) -> c_int {
    anywhere("MPI_Get_processor_name", || {
        let mut buffer = [0_u8; 256];
        // SAFETY: the buffer is as long as it is said to be, and ends with a zero whatever happens.
        unsafe { libc::gethostname(buffer.as_mut_ptr().cast(), buffer.len() - 1) };
        let len = buffer.iter().position(|byte| *byte == 0).unwrap_or(buffer.len());
        let host = String::from_utf8_lossy(&buffer[..len]).into_owned();
        // SAFETY: the caller's promise.
        unsafe { copy_out(&host, name, MPI_MAX_PROCESSOR_NAME, resultlen) }
    })
}

/// `MPI_Get_hw_resource_info`: nothing is known beyond the kinds that `MPI_Comm_split_type` takes.
///
/// # Safety
/// The result has a place.
pub unsafe fn get_hw_resource_info(hw_info: *mut Info) -> c_int {
    anywhere("MPI_Get_hw_resource_info", || {
        let mut info = olympi_comm::Info::new();
        info.set("mpi_shared_memory", "true")?;
        // SAFETY: the caller's promise.
        unsafe { put(hw_info, crate::info::make(info)?) }
    })
}

/// `MPI_Get_version`
///
/// # Safety
/// The results have places.
pub unsafe fn get_version(version: *mut c_int, subversion: *mut c_int) -> c_int {
    anywhere("MPI_Get_version", || {
        // SAFETY: the caller's promise.
        unsafe {
            put(version, MPI_VERSION)?;
            put(subversion, MPI_SUBVERSION)
        }
    })
}

/// `MPI_Get_library_version`
///
/// # Safety
/// `version` has room for `MPI_MAX_LIBRARY_VERSION_STRING` characters, and the length has a place.
pub unsafe fn get_library_version(version: *mut c_char, resultlen: *mut c_int) -> c_int {
    let text = concat!("Olympi ", env!("CARGO_PKG_VERSION"), " (MPI 5.0)");
    // SAFETY: the caller's promise.
    anywhere("MPI_Get_library_version", || unsafe {
        copy_out(text, version, MPI_MAX_LIBRARY_VERSION_STRING, resultlen)
    })
}

/// Memory that programs were given, by address: with what keeps it registered, where there is a job.
enum Given {
    Registered(Registered<u8>),
    Plain(Box<[std::mem::MaybeUninit<u128>]>),
}

static MEMORY: Mutex<BTreeMap<usize, Given>> = Mutex::new(BTreeMap::new());

/// `MPI_Alloc_mem`: memory that stays registered with the devices of the job.
///
/// # Safety
/// `baseptr` is the address of a pointer.
pub unsafe fn alloc_mem(size: Aint, _info: Info, baseptr: *mut c_void) -> c_int {
    anywhere("MPI_Alloc_mem", || {
        let len = usize::try_from(size)
            .map_err(|_| Fault::new(MPI_ERR_ARG, format!("a size is not negative, as {size} is")))?;
        let registered = global::with_job(|job| {
            job.alloc::<u8>(len.max(1)).map_err(|error| Fault::new(MPI_ERR_NO_MEM, error.to_string()))
        });
        let (start, given) = match registered {
            Ok(mut memory) => (memory.as_mut_ptr() as usize, Given::Registered(memory)),
            Err(fault) if fault.code == MPI_ERR_NO_MEM => return Err(fault),
            Err(_) => {
                let mut memory = Box::new_uninit_slice(len.div_ceil(16).max(1));
                (memory.as_mut_ptr() as usize, Given::Plain(memory))
            }
        };
        memory().insert(start, given);
        // SAFETY: the caller's promise.
        unsafe { put(baseptr.cast::<usize>(), start) }
    })
}

fn memory() -> std::sync::MutexGuard<'static, BTreeMap<usize, Given>> {
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `MPI_Free_mem`
///
/// # Safety
/// Nobody uses the memory any more.
pub unsafe fn free_mem(base: *mut c_void) -> c_int {
    anywhere("MPI_Free_mem", || {
        let given = memory().remove(&(base as usize));
        match given {
            Some(Given::Registered(memory)) => drop(memory),
            Some(Given::Plain(memory)) => drop(memory),
            None if base.is_null() => {}
            None => {
                let detail = format!("{base:p} is no memory of MPI_Alloc_mem, or was freed already");
                return Err(Fault::new(MPI_ERR_BASE, detail));
            }
        }
        Ok(())
    })
}

/// `MPI_Get_address`
///
/// # Safety
/// The result has a place.
pub unsafe fn get_address(location: *const c_void, address: *mut Aint) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Get_address", || unsafe { put(address, location as Aint) })
}

/// `MPI_Aint_add`
pub fn aint_add(base: Aint, displacement: Aint) -> Aint {
    base.wrapping_add(displacement)
}

/// `MPI_Aint_diff`
pub fn aint_diff(one: Aint, other: Aint) -> Aint {
    one.wrapping_sub(other)
}
